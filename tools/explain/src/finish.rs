//! What is done to the maps of a method before they are written, each a step with a name: sign, smoothing, scaling. Without
//! being asked, nothing is.

use std::fmt::{self, Display};

use anyhow::Result;
use attribution::ParsedMethod;
use clap::ValueEnum;
use maps::{Blur, Scale};
use models::Tensor;
use pipe::Usage;
use spec::Reader;

use crate::item::Map;
use crate::reduce::Reduce;

/// Which sign of a map counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sign {
    /// As it is
    Both,
    /// Magnitudes
    Abs,
    /// Positive values; others become zero
    Positive,
    /// Magnitudes of negative values; others become zero
    Negative,
}

impl Sign {
    fn part(self) -> maps::Sign {
        match self {
            Self::Both => maps::Sign::Both,
            Self::Abs => maps::Sign::Magnitude,
            Self::Positive => maps::Sign::Positive,
            Self::Negative => maps::Sign::Negative,
        }
    }
}

impl Display for Sign {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| out.write_str(value.get_name()))
    }
}

/// The steps, in their order.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Maps, in this order; raw and signed without these")]
pub struct Steps {
    /// How colour channels become one map
    #[arg(long, value_name = "STEP", value_enum, default_value = "sum")]
    pub reduce: Reduce,
    /// Which sign of a map counts
    #[arg(long, value_name = "STEP", value_enum, default_value = "both")]
    pub sign: Sign,
    /// Smooth maps by a Gaussian; the default is gaussian:kernel=11,sigma=5
    #[arg(long, value_name = "SPEC", num_args = 0..=1, require_equals = true, default_missing_value = "gaussian")]
    pub smooth: Option<String>,
    /// Scale each map, clipped at percentiles: minmax:low=0,high=100 to 0..1, or max:high=100, which divides by a
    /// percentile of magnitudes, to -1..1; the default is minmax
    #[arg(long, value_name = "SPEC", num_args = 0..=1, require_equals = true, default_missing_value = "minmax")]
    pub normalize: Option<String>,
}

/// The steps, ready to be done.
#[derive(Clone)]
pub struct Finish {
    reduce: Reduce,
    sign: Sign,
    smooth: Option<(String, Blur)>,
    normalize: Option<(String, Scale)>,
}

impl Finish {
    /// Reads the specs.
    pub fn new(steps: &Steps) -> Result<Self> {
        let wrong = |flag: &'static str| move |error: spec::Error| Usage(format!("{flag}: {error}"));
        let smooth = steps.smooth.as_deref().map(blur).transpose().map_err(wrong("--smooth"))?;
        let normalize = steps.normalize.as_deref().map(scale).transpose().map_err(wrong("--normalize"))?;
        Ok(Self { reduce: steps.reduce, sign: steps.sign, smooth, normalize })
    }

    /// Takes apart what a method's maps are called after the steps, as [`Finish::name`] puts it together: the method's spec and the
    /// steps. A name may have plus signs of its own (`gradcam++`): steps are what stands behind the last ones.
    ///
    /// # Errors
    /// If a step has a parameter that it does not know.
    pub fn split(mut name: &str) -> Result<(&str, Self)> {
        let mut finish = Self { reduce: Reduce::Sum, sign: Sign::Both, smooth: None, normalize: None };
        while let Some((rest, step)) = spec::rsplit(name, '+') {
            if !finish.take(step)? {
                break;
            }
            name = rest;
        }
        Ok((name, finish))
    }

    /// Whether this is a step; then it is one of these.
    fn take(&mut self, step: &str) -> Result<bool> {
        let word = step.split(':').next().unwrap_or_default();
        if let Some(reduce) = step.strip_prefix("reduce=") {
            self.reduce = Reduce::from_str(reduce, false).map_err(anyhow::Error::msg)?;
        } else if let Ok(sign) = Sign::from_str(step, false) {
            self.sign = sign;
        } else if word == "smooth" {
            self.smooth = Some(blur(&step.replacen("smooth", "gaussian", 1))?);
        } else if matches!(word, "minmax" | "max") {
            self.normalize = Some(scale(step)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// What a method's maps are called after the steps: `gradient+reduce=abs+positive+smooth:sigma=2+minmax`. Joining channels
    /// is no step where there is only one.
    pub fn name(&self, method: &ParsedMethod) -> String {
        let mut name = method.spec.clone();
        let mut add = |step: &str| name = format!("{name}+{step}");
        if self.reduce != Reduce::Sum && method.needs().per_channel {
            add(&format!("reduce={}", self.reduce));
        }
        if self.sign != Sign::Both {
            add(&self.sign.to_string());
        }
        if let Some((spec, _)) = &self.smooth {
            add(&spec.replacen("gaussian", "smooth", 1));
        }
        if let Some((spec, _)) = &self.normalize {
            add(spec);
        }
        name
    }

    /// The channels of a map that had those of the input.
    pub fn channels(&self, input: usize) -> usize {
        if self.reduce == Reduce::None { input } else { 1 }
    }

    /// The first step, for maps `(n, c, h, w)`.
    pub fn reduce(&self, maps: Tensor<4>) -> Tensor<4> {
        self.reduce.apply(maps)
    }

    /// The map's values after the other steps: channels that were kept are smoothed one by one and scaled together.
    pub fn apply(&self, map: Map<'_>) -> Vec<f32> {
        let mut values = map.values.to_vec();
        self.sign.part().apply(&mut values);
        if let (Some((_, blur)), [.., h, w]) = (&self.smooth, map.shape) {
            values.chunks_mut(h * w).for_each(|plane| blur.apply(plane, *w));
        }
        if let Some((_, scale)) = &self.normalize {
            scale.apply(&mut values);
        }
        values
    }
}

fn blur(spec: &str) -> Result<(String, Blur), spec::Error> {
    let mut reader = Reader::new(spec)?;
    if reader.name() != "gaussian" {
        return Err(unknown("smoothing", &reader, "gaussian"));
    }
    let odd = |kernel: &usize| kernel % 2 == 1 && *kernel < 1000;
    let kernel = reader.take_if("kernel", 11, "an odd whole number below 1000", odd)?;
    let sigma = reader.take_if("sigma", 5.0, "a positive number", |x: &f64| *x > 0.0 && x.is_finite())?;
    Ok((reader.finish()?, Blur { kernel, sigma }))
}

fn scale(spec: &str) -> Result<(String, Scale), spec::Error> {
    let mut reader = Reader::new(spec)?;
    let scale = match reader.name() {
        "minmax" => {
            let low = reader
                .take_if("low", 0.0, "a percentile from 0 to below 100", |p| (0.0..100.0).contains(p))?;
            let above = format!("a percentile above {low} and up to 100");
            Scale::Range { low, high: reader.take_if("high", 100.0, &above, |p| *p > low && *p <= 100.0)? }
        }
        "max" => {
            let expected = "a percentile above 0 and up to 100";
            Scale::Largest { high: reader.take_if("high", 100.0, expected, |p| *p > 0.0 && *p <= 100.0)? }
        }
        _ => return Err(unknown("scaling", &reader, "minmax, max")),
    };
    Ok((reader.finish()?, scale))
}

fn unknown(what: &'static str, reader: &Reader, known: &str) -> spec::Error {
    spec::Error::UnknownName { what, name: reader.name().into(), known: known.into() }
}

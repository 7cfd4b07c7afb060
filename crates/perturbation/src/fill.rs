//! The fills by name, as spec strings of tests choose them.

use images::{Blur, Fill};

use crate::imputation::Impute;
use crate::painter::Replacement;

/// The words of a spec string and what they stand for.
pub const WORDS: [(&str, &str); 6] = [
    ("black", "pixel value 0 (EEA; \"delete\" of Meaningful Perturbation)"),
    ("mean", "the image's own mean colour (Meaningful Perturbation)"),
    (
        "zero",
        "0 in normalised space, the mean colour of the data set (RISE, BEE; \"mean\" of the Coherency study)",
    ),
    ("blur", "the image under a Gaussian blur (Coherency study; RISE's insertion)"),
    (
        "impute",
        "replaced pixels solved for as weighted means of their neighbours, plus normal noise (ROAD); some pixels must stay",
    ),
    ("uniform", "U(0, 1) in normalised space, the answers averaged over runs (Coherency study)"),
];

/// The parameters that go with some fills only, for the list of tests.
pub const OPTIONS: &str = "fill=blur: kernel=11,sigma=5; fill=impute: noise=0.01; fill=uniform: runs=5";

/// The words in a spec string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Black,
    Mean,
    Zero,
    Blur,
    Impute,
    Uniform,
}

const KINDS: [(&str, Kind); 6] = [
    ("black", Kind::Black),
    ("mean", Kind::Mean),
    ("zero", Kind::Zero),
    ("blur", Kind::Blur),
    ("impute", Kind::Impute),
    ("uniform", Kind::Uniform),
];

/// Takes `fill` and what belongs to it out of a spec string: `kernel` and `sigma` of a blur, `runs` of uniform noise,
/// which is one fill for each run.
pub(crate) fn take(reader: &mut spec::Reader, default: &str) -> Result<Vec<Replacement>, spec::Error> {
    let mut kinds = KINDS;
    kinds.sort_by_key(|(word, _)| *word != default);
    let fill = match reader.choose("fill", &kinds)? {
        Kind::Black => Fill::Black,
        Kind::Mean => Fill::Mean,
        Kind::Zero => Fill::Zero,
        Kind::Blur => Fill::Blur(take_blur(reader)?),
        Kind::Impute => return Ok(vec![Replacement::new(Impute { noise: take_noise(reader)? })]),
        Kind::Uniform => {
            let runs =
                reader.take_if("runs", 5_u64, "a whole number from 1 to 1000", |n| (1..=1000).contains(n))?;
            return Ok((0..runs).map(|draw| Fill::Uniform { draw }.into()).collect());
        }
    };
    Ok(vec![fill.into()])
}

fn take_noise(reader: &mut spec::Reader) -> Result<f32, spec::Error> {
    let allowed = |noise: &f32| (0.0..=1.0).contains(noise);
    reader.take_if("noise", 0.01, "a standard deviation from 0 to 1", allowed)
}

fn take_blur(reader: &mut spec::Reader) -> Result<Blur, spec::Error> {
    let odd = |&kernel: &usize| kernel % 2 == 1 && kernel < 10_000;
    let kernel = reader.take_if("kernel", 11, "an odd whole number", odd)?;
    let positive = |sigma: &f64| *sigma > 0.0 && sigma.is_finite();
    Ok(Blur { kernel, sigma: reader.take_if("sigma", 5.0, "a positive number", positive)? })
}

//! The fills by name, as spec strings of tests choose them.

use images::{Blur, Fill};

use crate::imputation::Impute;
use crate::painter::Replacement;

/// The words of a spec string and what they stand for.
pub const WORDS: [(&str, &str); 16] = [
    ("black", "pixel value 0 (EEA; \"delete\" of Meaningful Perturbation)"),
    ("mean", "the image's own mean colour (Meaningful Perturbation)"),
    (
        "zero",
        "0 in normalised space, the mean colour of the data set (RISE, BEE; \"mean\" of the Coherency study)",
    ),
    ("blur", "the image under a Gaussian blur, mirrored at the border (Coherency study)"),
    (
        "impute",
        "replaced pixels solved for as weighted means of their neighbours, plus normal noise (ROAD); some pixels must stay",
    ),
    ("uniform", "U(0, 1) in normalised space, the answers averaged over runs (Coherency study)"),
    ("white", "pixel value 255"),
    ("constant", "one pixel value of 0 to 255 (InterpretDL: 127)"),
    ("min", "the least number in the normalised image over all channels (\"black\" of Quantus)"),
    ("max", "the greatest number in the normalised image over all channels (\"white\" of Quantus)"),
    ("level", "the mean of the normalised image over all channels, one number (\"mean\" of Quantus)"),
    ("pil-blur", "Pillow's GaussianBlur of the bytes (\"blur\" of Meaningful Perturbation)"),
    ("rise-blur", "RISE's kernel in normalised space, nearly a box, with zeros around the image"),
    ("box-blur", "the mean of a square in normalised space, zeros around the image (Gomez et al. 2022)"),
    ("uniform-pixels", "pixel values from U(0, 1), the answers averaged over runs (Samek et al. 2017)"),
    ("normal", "N(0, 1) in normalised space, the answers averaged over runs (AttriBench)"),
];

/// The parameters that go with some fills only, for the list of tests.
pub const OPTIONS: &str = "fill=blur, rise-blur: kernel=11,sigma=5; fill=impute: noise=0.01; fill=uniform, uniform-pixels, normal: runs=5; fill=constant: \
                           value=127; fill=pil-blur: radius=10; fill=box-blur: side=0, which is a fifth of the height";

/// What a word needs besides.
#[derive(Clone, Copy)]
enum Kind {
    Fixed(Fill),
    Constant,
    Blur(fn(Blur) -> Fill),
    Impute,
    Boxes,
    Box,
    Runs(fn(u64) -> Fill),
}

const KINDS: [(&str, Kind); 16] = [
    ("black", Kind::Fixed(Fill::Black)),
    ("mean", Kind::Fixed(Fill::Mean)),
    ("zero", Kind::Fixed(Fill::Zero)),
    ("blur", Kind::Blur(Fill::Blur)),
    ("impute", Kind::Impute),
    ("uniform", Kind::Runs(|draw| Fill::Uniform { draw })),
    ("white", Kind::Fixed(Fill::Constant(255))),
    ("constant", Kind::Constant),
    ("min", Kind::Fixed(Fill::Least)),
    ("max", Kind::Fixed(Fill::Greatest)),
    ("level", Kind::Fixed(Fill::Level)),
    ("pil-blur", Kind::Boxes),
    ("rise-blur", Kind::Blur(Fill::Folded)),
    ("box-blur", Kind::Box),
    ("uniform-pixels", Kind::Runs(|draw| Fill::UniformPixels { draw })),
    ("normal", Kind::Runs(|draw| Fill::Normal { draw })),
];

/// Takes `fill` and what belongs to it out of a spec string: `kernel` and `sigma` of a blur, `runs` of noise, which is one
/// fill for each run, and so on.
pub(crate) fn take(reader: &mut spec::Reader, default: &str) -> Result<Vec<Replacement>, spec::Error> {
    let mut kinds = KINDS;
    kinds.sort_by_key(|(word, _)| *word != default);
    let fills = match reader.choose("fill", &kinds)? {
        Kind::Fixed(fill) => vec![fill],
        Kind::Constant => {
            vec![Fill::Constant(reader.take_if("value", 127, "a whole number up to 255", |_| true)?)]
        }
        Kind::Blur(fill) => vec![fill(take_blur(reader)?)],
        Kind::Impute => return Ok(vec![Replacement::new(Impute { noise: take_noise(reader)? })]),
        Kind::Boxes => {
            let allowed = |radius: &u32| (1..=1000).contains(radius);
            vec![Fill::Boxes {
                radius: reader.take_if("radius", 10, "a whole number from 1 to 1000", allowed)?,
            }]
        }
        Kind::Box => {
            let allowed = |&side: &usize| side == 0 || side % 2 == 1 && side < 10_000;
            vec![Fill::Box { side: reader.take_if("side", 0, "0 or an odd whole number", allowed)? }]
        }
        Kind::Runs(fill) => {
            let runs =
                reader.take_if("runs", 5_u64, "a whole number from 1 to 1000", |n| (1..=1000).contains(n))?;
            (0..runs).map(fill).collect()
        }
    };
    Ok(fills.into_iter().map(Replacement::from).collect())
}

/// Refuses a fill that is painted from the pixels that stay, for a test that replaces all of them. `instead` says what leaves
/// some.
///
/// # Errors
/// If there is such a fill.
pub(crate) fn for_all_pixels(
    reader: &spec::Reader,
    fills: &[Replacement],
    instead: &str,
) -> Result<(), spec::Error> {
    let Some(fill) = fills.iter().find(|fill| fill.needs_pixels()) else { return Ok(()) };
    Err(spec::Error::Value {
        name: reader.name().into(),
        key: "fill".into(),
        value: fill.key().split(':').next().unwrap_or_default().into(),
        expected: format!("a fill for a whole image: it is painted from the pixels that stay; {instead}"),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_told_and_is_a_fill_of_its_own() {
        let mut keys = Vec::new();
        for ((word, kind), (told, _)) in KINDS.into_iter().zip(WORDS) {
            assert_eq!(word, told);
            let mut reader = spec::Reader::new(&format!("test:fill={word}")).unwrap();
            let fills = take(&mut reader, "black").unwrap();
            assert_eq!(fills.len(), if matches!(kind, Kind::Runs(_)) { 5 } else { 1 });
            keys.extend(fills.iter().map(|fill| fill.key()));
        }
        assert!(keys.iter().enumerate().all(|(i, key)| !keys[..i].contains(key)), "{keys:?}");
    }

    #[test]
    fn what_belongs_to_one_fill_is_no_parameter_of_another() {
        let wrong = [
            "constant,value=256",
            "pil-blur,radius=0",
            "box-blur,side=4",
            "rise-blur,kernel=2",
            "normal,runs=0",
        ];
        for spec in wrong {
            let mut reader = spec::Reader::new(&format!("test:fill={spec}")).unwrap();
            assert!(take(&mut reader, "black").is_err(), "{spec}");
        }
        let mut reader = spec::Reader::new("test:fill=white,value=3").unwrap();
        assert!(take(&mut reader, "black").is_ok() && reader.finish().is_err());
    }
}

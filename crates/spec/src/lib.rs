//! Spec strings: `rise`, `rise:masks=4000,p=0.5`, `deletion:fill=blur,region=9`.
//!
//! A name and parameters in any order. The canonical form leaves defaults out and keeps one order, so equal
//! strings mean equal computations and a spec can label a row or a plot.
//!
//! ```
//! let mut reader = spec::Reader::new("rise:p=0.5,masks=400")?;
//! let masks = reader.take("masks", 4000)?;
//! let p = reader.take("p", 0.5)?;
//! assert_eq!((masks, p), (400, 0.5));
//! assert_eq!(reader.finish()?, "rise:masks=400");
//! # Ok::<(), spec::Error>(())
//! ```
//!
//! A spec inside a spec stands in parentheses: `best-of:methods=(gradcam)(rise:masks=400),metric=(pos)`.

mod parentheses;

use std::fmt::Display;
use std::str::FromStr;

pub use parentheses::{groups, rsplit, split};

/// What is wrong with a spec string.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Not of the form `name:key=value,key=value`.
    #[error("`{spec}`: expected NAME or NAME:KEY=VALUE,KEY=VALUE")]
    Form {
        /// The whole string.
        spec: String,
    },
    /// A parameter that this name does not have.
    #[error("`{name}` has no parameter `{key}`: {known}")]
    UnknownKey {
        /// The name before the colon.
        name: String,
        /// The parameter.
        key: String,
        /// The parameters with their defaults.
        known: String,
    },
    /// A value that cannot be read or is not allowed.
    #[error("`{name}`: {key}={value} is not {expected}")]
    Value {
        /// The name before the colon.
        name: String,
        /// The parameter.
        key: String,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A name that cannot stand where it does.
    #[error("`{name}` {reason}")]
    Unfit {
        /// The name before the colon.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A name that is not in the list.
    #[error("unknown {what} `{name}`: known are {known}{hint}", hint = hint(name, known))]
    UnknownName {
        /// What the names stand for: method, test.
        what: &'static str,
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
}

/// The known name that is most like a wrong one, as the end of a message, if one is much like it.
fn hint(name: &str, known: &str) -> String {
    const ALIKE: f64 = 0.85;
    let alike = known.split(", ").map(|known| (strsim::jaro_winkler(name, known), known));
    let best = alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 >= ALIKE);
    best.map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"))
}

/// Takes the parameters out of a spec string, one after another, and keeps the canonical form.
#[derive(Clone, Debug)]
pub struct Reader {
    name: String,
    given: Vec<(String, String)>,
    canonical: Vec<String>,
    known: Vec<String>,
}

impl Reader {
    /// Splits a spec string.
    ///
    /// # Errors
    /// If it has an empty part, a parameter without `=`, one parameter twice, or parentheses that do not match.
    pub fn new(spec: &str) -> Result<Self, Error> {
        let form = || Error::Form { spec: spec.into() };
        let (name, list) = spec.split_once(':').map_or((spec, None), |(name, list)| (name, Some(list)));
        let mut given: Vec<(String, String)> = Vec::new();
        let parts = list.map_or(Some(Vec::new()), |list| split(list, ',')).ok_or_else(form)?;
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(form)?;
            let twice = given.iter().any(|(other, _)| other == key);
            if key.is_empty() || value.is_empty() || twice {
                return Err(form());
            }
            given.push((key.into(), value.into()));
        }
        if name.is_empty() {
            return Err(form());
        }
        Ok(Self { name: name.into(), given, canonical: Vec::new(), known: Vec::new() })
    }

    /// The name before the colon.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A parameter, or its default.
    ///
    /// # Errors
    /// If the value cannot be read as the default's type.
    pub fn take<T: FromStr + Display + PartialEq>(&mut self, key: &str, default: T) -> Result<T, Error> {
        self.take_if(key, default, std::any::type_name::<T>(), |_| true)
    }

    /// A parameter that must pass a test; `expected` says what is allowed.
    ///
    /// # Errors
    /// If the value cannot be read or is not allowed.
    pub fn take_if<T: FromStr + Display + PartialEq>(
        &mut self,
        key: &str,
        default: T,
        expected: &str,
        allowed: impl Fn(&T) -> bool,
    ) -> Result<T, Error> {
        self.known.push(format!("{key}={default}"));
        let Some(at) = self.given.iter().position(|(given, _)| given == key) else { return Ok(default) };
        let (_, text) = self.given.remove(at);
        match text.parse::<T>() {
            Ok(value) if allowed(&value) => {
                if value != default {
                    self.canonical.push(format!("{key}={value}"));
                }
                Ok(value)
            }
            _ => Err(self.wrong(key, text, expected)),
        }
    }

    /// A parameter with a form of its own: `read` gives what it means, and its canonical form. The default is canonical.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn take_as<T>(
        &mut self,
        key: &str,
        default: &str,
        read: impl Fn(&str) -> Result<(T, String), Error>,
    ) -> Result<T, Error> {
        self.known.push(format!("{key}={default}"));
        let at = self.given.iter().position(|(given, _)| given == key);
        let text = at.map_or_else(|| default.to_owned(), |at| self.given.remove(at).1);
        let (value, canonical) = read(&text)?;
        if canonical != default {
            self.canonical.push(format!("{key}={canonical}"));
        }
        Ok(value)
    }

    /// A parameter that is one of a few words; the first is the default.
    ///
    /// # Errors
    /// If the value is none of them.
    pub fn choose<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Result<T, Error> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let expected = format!("one of {}", words.join(", "));
        let allowed = |word: &String| words.contains(&word.as_str());
        let word = self.take_if(key, words[0].to_string(), &expected, allowed)?;
        let chosen = choices.iter().find(|(other, _)| *other == word);
        Ok(chosen.unwrap_or(&choices[0]).1)
    }

    /// The canonical spec string, once all parameters are taken.
    ///
    /// # Errors
    /// If a parameter is left over.
    pub fn finish(self) -> Result<String, Error> {
        if let Some((key, _)) = self.given.first() {
            return Err(Error::UnknownKey {
                name: self.name.clone(),
                key: key.clone(),
                known: self.parameters(),
            });
        }
        if self.canonical.is_empty() {
            return Ok(self.name);
        }
        Ok(format!("{}:{}", self.name, self.canonical.join(",")))
    }

    /// The canonical form of the parameters that were taken (`a=1,b=2`, or nothing), and those that are left over, which
    /// belong to something else.
    pub fn split(self) -> (String, Vec<(String, String)>) {
        (self.canonical.join(","), self.given)
    }

    /// The parameters taken so far with their defaults, for help texts.
    pub fn parameters(&self) -> String {
        if self.known.is_empty() { "it has none".into() } else { self.known.join(",") }
    }

    fn wrong(&self, key: &str, value: String, expected: &str) -> Error {
        let expected = match expected {
            "usize" | "u32" | "u64" => "a whole number",
            "f32" | "f64" => "a number",
            "bool" => "true or false",
            other => other,
        };
        Error::Value { name: self.name.clone(), key: key.into(), value, expected: expected.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rise(spec: &str) -> Result<String, Error> {
        let mut reader = Reader::new(spec)?;
        reader.take_if("masks", 4000_usize, "a positive whole number", |&masks| masks > 0)?;
        reader.take("p", 0.5_f64)?;
        reader.choose("output", &[("probability", 0), ("logit", 1)])?;
        reader.finish()
    }

    #[test]
    fn defaults_are_left_out_and_the_order_is_fixed() {
        assert_eq!(rise("rise:output=probability,p=0.50,masks=4000").unwrap(), "rise");
        assert_eq!(rise("rise:output=logit,p=0.1,masks=8").unwrap(), "rise:masks=8,p=0.1,output=logit");
    }

    #[test]
    fn the_canonical_form_reads_as_itself() {
        for spec in ["rise", "rise:masks=8,p=0.1,output=logit"] {
            assert_eq!(rise(&rise(spec).unwrap()).unwrap(), spec);
        }
    }

    #[test]
    fn a_parameter_of_its_own_form_is_written_canonically() {
        let best = |spec: &str| {
            let mut reader = Reader::new(spec)?;
            let inner = |text: &str| {
                let canonical = rise(groups(text).map_or(text, |groups| groups[0]))?;
                Ok((canonical.len(), format!("({canonical})")))
            };
            let length = reader.take_as("of", "(rise)", inner)?;
            Ok::<_, Error>((length, reader.finish()?))
        };
        assert_eq!(best("best").unwrap(), (4, "best".to_owned()));
        assert_eq!(best("best:of=(rise:masks=4000,p=0.5)").unwrap(), (4, "best".to_owned()));
        let whole = "best:of=(rise:masks=8,p=0.1)";
        assert_eq!(best("best:of=(rise:p=0.10,masks=8)").unwrap(), (18, whole.to_owned()));
        assert_eq!(best("best:of=(rise:p=x)").unwrap_err().to_string(), "`rise`: p=x is not a number");
    }

    #[test]
    fn errors_name_the_part_that_is_wrong() {
        let message = |spec: &str| rise(spec).unwrap_err().to_string();
        assert_eq!(
            message("rise:mask=3"),
            "`rise` has no parameter `mask`: masks=4000,p=0.5,output=probability"
        );
        assert_eq!(message("rise:masks=0"), "`rise`: masks=0 is not a positive whole number");
        assert_eq!(message("rise:p=x"), "`rise`: p=x is not a number");
        assert_eq!(message("rise:output=x"), "`rise`: output=x is not one of probability, logit");
        for spec in [
            "",
            ":",
            "rise:",
            "rise:masks",
            "rise:masks=",
            "rise:p=1,p=2",
            "rise:,",
            "rise:p=(1",
            "rise:p=1)",
        ] {
            assert!(message(spec).contains("expected NAME"), "{spec}");
        }
    }
}

//! Class names: what `--labels` says, and the numbers of classes that a table names by a word.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use pipe::Class;
use serde_json::Value;

/// The most characters of a name in a message.
const LONGEST: usize = 100;

/// The names of a model's classes.
#[derive(Debug, Default)]
pub struct ClassNames {
    /// In the order of the classes.
    pub names: Vec<String>,
    /// Where they come from, for messages.
    source: Option<String>,
    /// The class of a name and of a synset; nothing where several have it.
    numbers: HashMap<String, Option<usize>>,
}

impl ClassNames {
    /// Names that a classifier brings along.
    pub fn own(names: &[String]) -> Self {
        let source = (!names.is_empty()).then(|| "the names of the model's classes".to_owned());
        Self::new(names.to_vec(), source)
    }

    /// Reads a file: a name a line, as it is or behind a synset (`n01440764 tench`, as Kaggle's and Caffe's lists have it), or
    /// Keras' `{"0": ["n01440764", "tench"], ...}`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        let names = if text.starts_with(['{', '[']) {
            json(text).with_context(|| path.display().to_string())?
        } else {
            text.lines().map(str::to_owned).collect()
        };
        Ok(Self::new(names, Some(path.display().to_string())))
    }

    fn new(names: Vec<String>, source: Option<String>) -> Self {
        let mut numbers = HashMap::new();
        for (number, name) in names.iter().enumerate() {
            let (synset, rest) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
            let parts =
                if is_synset(synset) { vec![name.trim(), synset, rest.trim()] } else { vec![name.trim()] };
            for part in parts.into_iter().filter(|part| !part.is_empty()) {
                let known = numbers.entry(part.to_owned()).or_insert(Some(number));
                *known = known.filter(|other| *other == number);
            }
        }
        Self { names, source, numbers }
    }

    /// The number of a class that stands in the column `what`.
    ///
    /// # Errors
    /// Says why a name is that of no class.
    pub fn number(&self, what: &str, class: &Class) -> Result<usize, String> {
        let name = match class {
            Class::Number(number) => return Ok(*number),
            Class::Name(name) => name,
        };
        let known = self.numbers.get(name);
        let name: String = name.chars().take(LONGEST).collect();
        let of = |source: &String| match known {
            Some(Some(number)) => Ok(*number),
            Some(None) => Err(format!("{what} `{name}` is the name of several classes in {source}")),
            None => Err(format!("{what} `{name}` is not among {source} (--labels)")),
        };
        let nothing =
            || Err(format!("{what} `{name}` is no number: --labels FILE says which class has that name"));
        self.source.as_ref().map_or_else(nothing, of)
    }
}

/// WordNet's number of a noun, as ImageNet names its classes.
pub fn is_synset(text: &str) -> bool {
    text.strip_prefix('n')
        .is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn json(text: &str) -> Result<Vec<String>> {
    let value: Value = serde_json::from_str(text)?;
    let name = |value: &Value| match value {
        Value::String(name) => Some(name.clone()),
        Value::Array(parts) => {
            parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|parts| parts.join(" "))
        }
        _ => None,
    };
    let names = match &value {
        Value::Array(names) => names.iter().map(name).collect::<Option<Vec<_>>>(),
        Value::Object(names) => (0..names.len()).map(|i| name(names.get(&i.to_string())?)).collect(),
        _ => None,
    };
    names.ok_or_else(|| {
        anyhow!("class names in JSON are a list, or an object with the keys 0, 1, 2 and so on")
    })
}

#[cfg(test)]
mod tests {
    use testing::WorkDir;

    use super::*;

    fn read(text: &str) -> ClassNames {
        ClassNames::read(&WorkDir::new().write("names", text)).unwrap()
    }

    #[test]
    fn marks_line_ends_and_a_last_empty_line_are_no_names() {
        for text in [
            "cat\ndog\n",
            "\u{feff}cat\r\ndog\r\n\r\n",
            "cat\ndog",
            "[\"cat\", \"dog\"]",
            "{\"1\":\"dog\",\"0\":\"cat\"}",
        ] {
            assert_eq!(read(text).names, ["cat", "dog"], "{text:?}");
        }
    }

    #[test]
    fn a_class_is_found_by_its_name_and_its_synset() {
        let lines = "n01440764 tench, Tinca tinca\nn02012849 crane\nn03126707 crane\n";
        let keras = r#"{"0": ["n01440764", "tench, Tinca tinca"], "1": ["n02012849", "crane"], "2": ["n03126707", "crane"]}"#;
        for names in [read(lines), read(keras)] {
            let number = |name: &str| names.number("label", &Class::Name(name.into()));
            for (name, expected) in
                [("n01440764", 0), ("tench, Tinca tinca", 0), ("n03126707", 2), ("n03126707 crane", 2)]
            {
                assert_eq!(number(name), Ok(expected), "{name}");
            }
            assert!(
                number("crane").unwrap_err().starts_with("label `crane` is the name of several classes in ")
            );
            assert!(number("n99999999").unwrap_err().starts_with("label `n99999999` is not among "));
            assert_eq!(names.number("label", &Class::Number(7)), Ok(7));
        }
        let error = ClassNames::own(&[]).number("label", &Class::Name("n01440764".into())).unwrap_err();
        assert_eq!(error, "label `n01440764` is no number: --labels FILE says which class has that name");
    }
}

//! A node of the file with its inputs found: typed access to inputs and attributes.

use std::rc::Rc;

use crate::constant::Constant;
use crate::importer::Value;
use crate::proto::{AttributeProto, NodeProto};
use crate::size::Size;

/// A node with its inputs.
pub struct Call<'a> {
    /// The node.
    pub node: &'a NodeProto,
    /// Its inputs; those that the file leaves out are nothing.
    pub inputs: Vec<Option<Value>>,
}

impl Call<'_> {
    /// An input that must be there.
    pub fn input(&self, index: usize) -> Result<&Value, String> {
        self.optional(index).ok_or_else(|| format!("input {index} is missing"))
    }

    /// An input that may be left out.
    pub fn optional(&self, index: usize) -> Option<&Value> {
        self.inputs.get(index).and_then(Option::as_ref)
    }

    /// All inputs, none of which may be left out.
    pub fn all(&self) -> Result<Vec<&Value>, String> {
        let all: Option<Vec<&Value>> = self.inputs.iter().map(Option::as_ref).collect();
        all.filter(|all| !all.is_empty()).ok_or_else(|| "an input is missing".into())
    }

    /// An input that must be fixed by the file.
    pub fn constant(&self, index: usize) -> Result<&Rc<Constant>, String> {
        self.optional_constant(index)?.ok_or_else(|| format!("input {index} is missing"))
    }

    /// An input that may be left out and must be fixed by the file otherwise.
    pub fn optional_constant(&self, index: usize) -> Result<Option<&Rc<Constant>>, String> {
        match self.optional(index) {
            None => Ok(None),
            Some(Value::Constant(constant)) => Ok(Some(constant)),
            Some(Value::Node(_)) => {
                let name = self.node.input.get(index).map(String::as_str).unwrap_or_default();
                Err(format!("input {index}, `{name}`, is computed from the image and must be a constant"))
            }
        }
    }

    /// Whole numbers given by an attribute (older operator sets) or by a constant input.
    pub fn listed(&self, attribute: &str, index: usize) -> Result<Option<Vec<i64>>, String> {
        match self.attribute(attribute) {
            Some(found) => Ok(Some(found.ints.clone())),
            None => self.optional_constant(index)?.map(|constant| constant.numbers()).transpose(),
        }
    }

    /// The same where the numbers may depend on the number of images.
    pub fn listed_sizes(&self, attribute: &str, index: usize) -> Result<Option<Vec<Size>>, String> {
        match self.attribute(attribute) {
            Some(found) => Ok(Some(found.ints.iter().map(|&number| Size::from(number)).collect())),
            None => self
                .optional_constant(index)?
                .map(|constant| constant.integers().map(<[Size]>::to_vec))
                .transpose(),
        }
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// A whole number, or its default.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).and_then(|attribute| attribute.i).unwrap_or(default)
    }

    /// A float, or its default.
    pub fn float(&self, name: &str, default: f32) -> f64 {
        decimal(self.attribute(name).and_then(|attribute| attribute.f).unwrap_or(default))
    }

    /// A list of whole numbers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A text, or its default.
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> Result<&'a str, String> {
        match self.attribute(name).and_then(|attribute| attribute.s.as_deref()) {
            Some(bytes) => std::str::from_utf8(bytes).map_err(|_| format!("attribute `{name}` is no text")),
            None => Ok(default),
        }
    }

    /// `count` lengths, steps or paddings of at least `least`.
    pub fn lengths(
        &self,
        name: &str,
        count: usize,
        default: usize,
        least: i64,
    ) -> Result<Vec<usize>, String> {
        const MOST: i64 = 1 << 20;
        let Some(found) = self.ints(name).filter(|ints| !ints.is_empty()) else {
            return Ok(vec![default; count]);
        };
        if found.len() == count && found.iter().all(|number| (least..=MOST).contains(number)) {
            return Ok(found.iter().map(|&number| number as usize).collect());
        }
        Err(format!("{name} {found:?}: {count} numbers from {least} to {MOST} are needed"))
    }
}

/// The decimal number that a float stands for: 1e-6 and not 9.999999974752427e-7.
pub fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// An axis counted from the first; negative ones count from the last.
pub fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let found = counted.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < rank);
    found.ok_or_else(|| format!("there is no axis {axis} among {rank}"))
}

/// Several different axes, in rising order.
pub fn axes(given: &[i64], rank: usize) -> Result<Vec<usize>, String> {
    if given.len() > rank {
        return Err(format!("{} axes of {rank}", given.len()));
    }
    let mut found = given.iter().map(|&number| axis(number, rank)).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    if found.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("an axis comes twice in {given:?}"));
    }
    Ok(found)
}

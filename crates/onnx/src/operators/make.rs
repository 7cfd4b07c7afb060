//! Operators that make constants.

use std::path::Path;

use super::Outputs;
use crate::call::Call;
use crate::constant::{Constant, Data};
use crate::importer::Importer;
use crate::size::Size;
use crate::tensor;

/// Constant.
pub fn constant(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let one = |data: Data| Constant::new(Vec::new(), data);
    let attribute = call.node.attribute.first().ok_or("it has no value")?;
    let mut constant = match (attribute.name.as_str(), &attribute.t, attribute.f, attribute.i) {
        // External data are looked for beside the file; a tensor inside a node has none.
        ("value", Some(stored), ..) => tensor::read(stored, Path::new("."))?,
        ("value_float", _, Some(float), _) => one(Data::Floats(vec![float])),
        ("value_int", _, _, Some(int)) => one(Data::Integers(vec![Size::from(int)])),
        ("value_floats", ..) => {
            Constant::new(vec![attribute.floats.len()], Data::Floats(attribute.floats.clone()))
        }
        ("value_ints", ..) => Constant::integers_of(attribute.ints.iter().copied().map(Size::from).collect()),
        (name, ..) => return Err(format!("its value, attribute `{name}`, is not supported")),
    };
    constant.name.clear();
    importer.room += constant.len();
    Ok(vec![constant.into()])
}

/// ConstantOfShape: one number everywhere.
pub fn constant_of_shape(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let given = call.constant(0)?.integers()?;
    let (shape, batch) = known_shape(given)?;
    importer.take(&shape)?;
    let count = shape.iter().product();
    let number = call.attribute("value").and_then(|attribute| attribute.t.as_ref());
    let number = number.map(|stored| tensor::read(stored, Path::new("."))).transpose()?;
    let data = match number.as_ref().map(|number| &number.data) {
        None => Data::Floats(vec![0.0; count]),
        Some(Data::Floats(floats)) => Data::Floats(vec![*floats.first().ok_or("its value is empty")?; count]),
        Some(Data::Integers(integers)) => {
            Data::Integers(vec![*integers.first().ok_or("its value is empty")?; count])
        }
    };
    Ok(vec![Constant { batch, ..Constant::new(shape, data) }.into()])
}

/// A shape that the file computed: the axis of the images gets the length 1.
pub fn known_shape(given: &[Size]) -> Result<(Vec<usize>, Option<usize>), String> {
    let batch = given.iter().position(|size| *size == Size::batch(1));
    let length = |(axis, size): (usize, &Size)| match size.plain() {
        _ if Some(axis) == batch => Ok(1),
        Ok(length) => usize::try_from(length).map_err(|_| format!("a length of {length}")),
        Err(reason) => Err(reason),
    };
    let shape = given.iter().enumerate().map(length).collect::<Result<_, _>>()?;
    Ok((shape, batch))
}

/// Range of whole numbers; up to the number of images it counts them.
pub fn range(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let number = |index: usize| {
        let found = call.constant(index)?.integers()?;
        found.first().copied().filter(|_| found.len() == 1).ok_or(format!("input {index} must be one number"))
    };
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?.plain()?);
    if (start, limit, delta) == (Size::default(), Size::batch(1), 1) {
        let index = Size { image: 1, ..Size::default() };
        return Ok(vec![Constant { batch: Some(0), ..Constant::integers_of(vec![index]) }.into()]);
    }
    let (start, limit) = (i128::from(start.plain()?), i128::from(limit.plain()?));
    let delta = i128::from(delta);
    if delta == 0 {
        return Err("its step is 0".into());
    }
    let steps = limit - start;
    let count = if (steps > 0) == (delta > 0) { (steps.abs() + delta.abs() - 1) / delta.abs() } else { 0 };
    let count = usize::try_from(count).map_err(|_| "it is too long")?;
    importer.take(&[count])?;
    let numbers = (0..count as i128).map(|i| Size::from((start + i * delta) as i64)).collect();
    Ok(vec![Constant::integers_of(numbers).into()])
}

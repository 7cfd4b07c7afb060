//! Convolutions, and the paddings that they share with pools.

use models::{NodeId, Op};

use super::Outputs;
use crate::batch::Shape;
use crate::call::Call;
use crate::importer::{Importer, Value};

/// Windows over rows and columns, with their padding before and behind.
pub struct Windows {
    /// Window size.
    pub kernel: [usize; 2],
    /// Window step.
    pub stride: [usize; 2],
    /// Distance between the rows and columns of a window.
    pub dilation: [usize; 2],
    /// Padding before and behind, for rows and columns.
    pub sides: [(usize, usize); 2],
}

impl Windows {
    /// Reads the attributes that convolutions and pools have in common; x is what they work on.
    pub fn new(call: &Call<'_>, x: &Shape, kernel: [usize; 2]) -> Result<Self, String> {
        if x.sizes.len() != 4 {
            return Err(format!("a value of shape {:?}; only two-dimensional maps are supported", x.sizes));
        }
        let pair = |name: &str| call.lengths(name, 2, 1, 1).map(|pair| [pair[0], pair[1]]);
        let (stride, dilation) = (pair("strides")?, pair("dilations")?);
        let reach = [0, 1].map(|i| (kernel[i] - 1) * dilation[i] + 1);
        let sides = match call.text("auto_pad", "NOTSET")? {
            "NOTSET" => {
                let pads = call.lengths("pads", 4, 0, 0)?;
                [(pads[0], pads[2]), (pads[1], pads[3])]
            }
            "VALID" => [(0, 0); 2],
            "SAME_UPPER" => [0, 1].map(|i| same(x.sizes[i + 2], reach[i], stride[i], false)),
            "SAME_LOWER" => [0, 1].map(|i| same(x.sizes[i + 2], reach[i], stride[i], true)),
            other => return Err(format!("auto_pad = `{other}` is not known")),
        };
        Ok(Self { kernel, stride, dilation, sides })
    }

    /// The padding, if it is the same before and behind.
    pub fn even(&self) -> Option<[usize; 2]> {
        self.sides.iter().all(|(before, behind)| before == behind).then(|| self.sides.map(|side| side.0))
    }

    /// Adds uneven padding as an operation of its own; the value and the padding that is left.
    pub fn padded(
        &self,
        importer: &mut Importer,
        x: NodeId,
        value: f32,
    ) -> Result<(NodeId, [usize; 2]), String> {
        if let Some(padding) = self.even() {
            return Ok((x, padding));
        }
        let sides = vec![(0, 0), self.sides[0], self.sides[1]];
        Ok((importer.emit_part("pad", Op::Pad { sides, value }, &[x])?, [0, 0]))
    }
}

/// Padding after which `ceil(length / stride)` windows fit, the odd one behind, or before.
fn same(length: usize, reach: usize, stride: usize, before: bool) -> (usize, usize) {
    let needed = (length.div_ceil(stride) - 1) * stride + reach;
    let total = needed.saturating_sub(length);
    let (less, more) = (total / 2, total.div_ceil(2));
    if before { (more, less) } else { (less, more) }
}

/// Conv.
pub fn conv(importer: &mut Importer, call: &Call<'_>) -> Outputs {
    let x = importer.node(call.input(0)?)?;
    let kernel = call.constant(1)?;
    let [outputs, inputs, rows, columns] = *kernel.shape.as_slice() else {
        return Err(format!(
            "a kernel of shape {:?}; only two-dimensional convolutions are supported",
            kernel.shape
        ));
    };
    if kernel.len() == 0 {
        return Err(format!("a kernel of shape {:?}", kernel.shape));
    }
    let groups = usize::try_from(call.int("group", 1)).unwrap_or(0);
    if groups == 0 || !outputs.is_multiple_of(groups) || inputs.checked_mul(groups).is_none() {
        return Err(format!("{outputs} outputs in {groups} groups"));
    }
    let windows = Windows::new(call, importer.shape(x), [rows, columns])?;
    let bias = call.optional_constant(2)?;
    if let Some(bias) = bias.filter(|bias| bias.shape != [outputs]) {
        return Err(format!("a bias of shape {:?} for {outputs} outputs", bias.shape));
    }
    let weight = importer.parameter(&kernel.name, &kernel.shape, kernel.floats()?.to_vec())?;
    let bias =
        bias.map(|bias| importer.parameter(&bias.name, &bias.shape, bias.floats()?.to_vec())).transpose()?;
    let (x, padding) = windows.padded(importer, x, 0.0)?;
    let Windows { stride, dilation, .. } = windows;
    let conv = Op::Conv2d { weight, bias, stride, padding, dilation, groups };
    Ok(vec![Value::Node(importer.emit(conv, &[x])?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_is_that_of_tensorflow() {
        assert_eq!(same(224, 3, 2, false), (0, 1));
        assert_eq!(same(224, 3, 2, true), (1, 0));
        assert_eq!(same(7, 3, 1, false), (1, 1));
        assert_eq!(same(5, 1, 2, false), (0, 0));
        assert_eq!(same(112, 5, 2, false), (1, 2));
    }
}

//! Shapes of all values of a graph, worked out before anything runs.

use super::graph::{Graph, Node, NodeId};
use super::op::{Op, same_padding};

/// A node that cannot work on what it is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{node} ({kind}) cannot work on {}: {reason}", shown(inputs))]
pub struct ShapeError {
    /// The node's name.
    pub node: String,
    /// Its operation.
    pub kind: &'static str,
    /// The shapes that it gets.
    pub inputs: Vec<Vec<usize>>,
    /// Why not.
    pub reason: String,
}

fn shown(shapes: &[Vec<usize>]) -> String {
    let one = |shape: &Vec<usize>| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    shapes.iter().map(one).collect::<Vec<_>>().join(" and ")
}

impl Graph {
    /// Shapes of all values for one image of `(channels, height, width)`, the batch axis (of length 1)
    /// included.
    ///
    /// # Errors
    /// If some operation cannot work on what it gets, as a network with fixed position embeddings on
    /// images of another size.
    pub fn shapes(&self, input: [usize; 3]) -> Result<Vec<Vec<usize>>, ShapeError> {
        let image = [&[1], input.as_slice()].concat();
        let mut shapes: Vec<Vec<usize>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let given: Vec<&[usize]> = if node.op == Op::Input {
                vec![&image]
            } else {
                node.inputs.iter().map(|&id: &NodeId| shapes[id].as_slice()).collect()
            };
            let shape = self.shape(node, &given).map_err(|reason| ShapeError {
                node: node.name.clone(),
                kind: node.op.kind(),
                inputs: given.iter().map(|shape| shape.to_vec()).collect(),
                reason,
            })?;
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// The shape of what a node gives for values of these shapes; the input is given the image's.
    ///
    /// # Errors
    /// Says why, if it cannot work on them.
    pub fn shape(&self, node: &Node, given: &[&[usize]]) -> Result<Vec<usize>, String> {
        let parameter = |id: usize| self.parameters[id].shape.as_slice();
        let x = given.first().copied().unwrap_or_default();
        match &node.op {
            Op::Input => {
                let [_, h, w] = self.input;
                expect(!self.fixed || x[1..] == self.input, || {
                    format!("the network takes {h} x {w} pixels only")
                })?;
                Ok(x.to_vec())
            }
            Op::External(scores) => Ok(vec![1, scores.classes()]),
            Op::Constant { parameter: id } => Ok(parameter(*id).to_vec()),
            Op::Conv2d { weight, stride, padding, dilation, groups, .. } => {
                let kernel = parameter(*weight);
                let reach = [0, 1].map(|axis| dilation[axis] * (kernel[axis + 2] - 1) + 1);
                let pool = super::op::Pool { kernel: reach, stride: *stride, padding: *padding, ceil: false };
                expect(x.get(1) == Some(&(kernel[1] * groups)), || {
                    format!("the kernel has {} input channels", kernel[1] * groups)
                })?;
                windows(x, kernel[0], |axis, size| pool.windows(axis, size))
            }
            Op::Linear { weight, .. } => {
                let matrix = parameter(*weight);
                expect(x.last() == Some(&matrix[1]), || format!("the matrix has {} inputs", matrix[1]))?;
                Ok([&x[..x.len() - 1], &matrix[..1]].concat())
            }
            Op::BatchNorm2d { weight, .. } => {
                let channels = parameter(*weight)[0];
                expect(x.len() == 4 && x[1] == channels, || format!("it has {channels} channels"))?;
                Ok(x.to_vec())
            }
            Op::LayerNorm { weight, .. } => {
                let width = parameter(*weight)[0];
                expect(x.last() == Some(&width), || format!("it has {width} channels"))?;
                Ok(x.to_vec())
            }
            Op::Relu | Op::Activation(_) | Op::Affine { .. } => Ok(x.to_vec()),
            Op::MaxPool2d(pool) | Op::AvgPool2d { pool, .. } => {
                windows(x, channels(x), |axis, size| pool.windows(axis, size))
            }
            Op::AdaptiveAvgPool2d { output } => windows(x, channels(x), |axis, _| Some(output[axis])),
            Op::Mean { axes, keep } => mean(x, axes, *keep),
            Op::Softmax { axis } => axis_of(x, *axis).map(|_| x.to_vec()),
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide => broadcast(given),
            Op::MatMul => matmul(given),
            Op::Concat { axis } => concat(given, *axis),
            Op::Flatten => Ok(vec![x[0], x[1..].iter().product()]),
            Op::Reshape { shape } => reshape(x, shape),
            Op::Permute { axes } => permute(x, axes),
            Op::Slice { axis, start, end, step } => {
                let mut shape = x.to_vec();
                let length = axis_of(x, *axis)?;
                shape[*axis] = (*end).min(length).saturating_sub(*start).div_ceil(*step);
                expect(shape[*axis] > 0, || "nothing is left".into())?;
                Ok(shape)
            }
            Op::Pad { sides, .. } => {
                expect(x.len() == sides.len() + 1, || format!("{} axes are padded", sides.len()))?;
                let padded =
                    x[1..].iter().zip(sides).map(|(length, (before, after))| length + before + after);
                Ok(std::iter::once(x[0]).chain(padded).collect())
            }
            Op::PadSame { kernel, stride } => windows(x, channels(x), |axis, size| {
                let (before, after) = same_padding(size, kernel[axis], stride[axis]);
                Some(size + before + after)
            }),
        }
    }
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn channels(x: &[usize]) -> usize {
    x.get(1).copied().unwrap_or(0)
}

fn axis_of(x: &[usize], axis: usize) -> Result<usize, String> {
    x.get(axis).copied().ok_or_else(|| format!("there is no axis {axis}"))
}

fn windows(
    x: &[usize],
    channels: usize,
    count: impl Fn(usize, usize) -> Option<usize>,
) -> Result<Vec<usize>, String> {
    expect(x.len() == 4, || "feature maps are needed".into())?;
    let size = |axis| count(axis, x[axis + 2]).ok_or("the window is larger than the map");
    Ok(vec![x[0], channels, size(0)?, size(1)?])
}

fn mean(x: &[usize], axes: &[usize], keep: bool) -> Result<Vec<usize>, String> {
    for &axis in axes {
        axis_of(x, axis)?;
    }
    let left = x.iter().enumerate().filter(|(axis, _)| keep || !axes.contains(axis));
    Ok(left.map(|(axis, &length)| if axes.contains(&axis) { 1 } else { length }).collect())
}

/// The common shape under NumPy's rule.
fn broadcast(given: &[&[usize]]) -> Result<Vec<usize>, String> {
    let rank = given.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let at =
        |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    (0..rank)
        .map(|axis| {
            let lengths = given.iter().map(|shape| at(shape, axis));
            let longest = lengths.clone().max().unwrap_or(1);
            let fits = lengths.clone().all(|length| length == 1 || length == longest);
            if fits { Ok(longest) } else { Err(format!("axis {axis} differs")) }
        })
        .collect()
}

fn matmul(given: &[&[usize]]) -> Result<Vec<usize>, String> {
    let [a, b] = given else { return Err("two inputs are needed".into()) };
    expect(a.len() >= 2 && b.len() >= 2, || "matrices are needed".into())?;
    let (before_a, [m, k]) = a.split_last_chunk::<2>().ok_or("matrices are needed")?;
    let (before_b, [l, n]) = b.split_last_chunk::<2>().ok_or("matrices are needed")?;
    expect(k == l, || format!("{k} columns meet {l} rows"))?;
    Ok([broadcast(&[before_a, before_b])?, vec![*m, *n]].concat())
}

fn concat(given: &[&[usize]], axis: usize) -> Result<Vec<usize>, String> {
    let mut shape = given.first().ok_or("there is no input")?.to_vec();
    axis_of(&shape, axis)?;
    for other in &given[1..] {
        expect(other.len() == shape.len(), || "the numbers of axes differ".into())?;
        for i in 0..shape.len() {
            expect(i == axis || other[i] == shape[i], || format!("axis {i} differs"))?;
        }
        shape[axis] += other[axis];
    }
    Ok(shape)
}

fn reshape(x: &[usize], to: &[Option<usize>]) -> Result<Vec<usize>, String> {
    let total: usize = x.iter().product();
    let fixed: usize = to.iter().flatten().product();
    expect(fixed > 0 && total.is_multiple_of(fixed), || format!("{total} numbers do not fill {to:?}"))?;
    let free = to.iter().filter(|length| length.is_none()).count();
    expect(free == 1 || (free == 0 && total == fixed), || format!("{total} numbers do not fill {to:?}"))?;
    Ok(to.iter().map(|length| length.unwrap_or(total / fixed)).collect())
}

fn permute(x: &[usize], axes: &[usize]) -> Result<Vec<usize>, String> {
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    expect(sorted == (0..x.len()).collect::<Vec<_>>(), || format!("{axes:?} are not its axes"))?;
    Ok(axes.iter().map(|&axis| x[axis]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(op: Op, input: [usize; 3]) -> Result<Vec<usize>, ShapeError> {
        let mut graph = Graph::new([3, 8, 8]);
        graph.push("it", op, &[Graph::INPUT]);
        graph.shapes(input).map(|mut shapes| shapes.remove(1))
    }

    #[test]
    fn shapes_follow_numpy() {
        assert_eq!(broadcast(&[&[2, 1, 4], &[3, 1]]), Ok(vec![2, 3, 4]));
        assert!(broadcast(&[&[2, 3], &[2]]).is_err());
        assert_eq!(matmul(&[&[5, 2, 3], &[1, 3, 4]]), Ok(vec![5, 2, 4]));
        assert_eq!(concat(&[&[1, 1, 4], &[1, 6, 4]], 1), Ok(vec![1, 7, 4]));
    }

    #[test]
    fn each_operation_gives_its_shape() {
        assert_eq!(after(Op::every(2, 2), [3, 5, 4]), Ok(vec![1, 3, 3, 4]));
        assert_eq!(after(Op::global_avg_pool(), [3, 5, 4]), Ok(vec![1, 3, 1, 1]));
        assert_eq!(after(Op::reshape(&[3, 20]), [3, 5, 4]), Ok(vec![1, 3, 20]));
        assert_eq!(after(Op::Permute { axes: vec![0, 2, 3, 1] }, [3, 5, 4]), Ok(vec![1, 5, 4, 3]));
        let sides = vec![(0, 0), (0, 1), (2, 0)];
        assert_eq!(after(Op::Pad { sides, value: 0.0 }, [3, 5, 4]), Ok(vec![1, 3, 6, 6]));
    }

    #[test]
    fn what_does_not_fit_names_the_node() {
        let error = after(Op::reshape(&[7]), [3, 5, 4]).unwrap_err().to_string();
        assert_eq!(error, "it (reshape) cannot work on 1x3x5x4: 60 numbers do not fill [None, Some(7)]");
        assert!(after(Op::Permute { axes: vec![0, 1, 1, 2] }, [3, 5, 4]).is_err());
        let mut graph = Graph { fixed: true, ..Graph::new([3, 8, 8]) };
        graph.push("it", Op::Relu, &[Graph::INPUT]);
        assert!(graph.shapes([3, 8, 8]).is_ok());
        let error = graph.shapes([3, 4, 16]).unwrap_err().to_string();
        assert_eq!(error, "input (input) cannot work on 1x3x4x16: the network takes 8 x 8 pixels only");
        let huge = Op::MaxPool2d(super::super::op::Pool::square(9, 1, 0));
        assert!(after(huge, [3, 5, 4]).unwrap_err().reason.contains("larger than the map"));
    }
}

//! Which row of an attention matrix is the map: that of the tokens that the scores read, over the patches on their grid.

use std::borrow::Cow;

use models::features::Layout;
use models::network::shape::ShapeError;
use models::resize::Resample;
use models::tokens::{self, Patches};
use models::{Classifier, NodeId, Op, Tensor, TensorData};

use crate::attention;
use crate::context::Context;
use crate::method::Error;

/// The attention of a transformer in which all tokens see each other.
pub struct Attention<'a> {
    classifier: &'a Classifier,
    /// The matrices, `(n, heads, tokens, tokens)`, from the first block to the last.
    pub nodes: Vec<NodeId>,
    /// For images of the network's usual size.
    usual: Reading,
}

/// How a matrix of tokens becomes a map.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    /// What each token counts for the scores.
    shares: Vec<f32>,
    /// Tokens before the patches.
    first: usize,
    /// Rows and columns of the patches.
    grid: [usize; 2],
}

impl<'a> Attention<'a> {
    /// The attention of a context's network.
    ///
    /// # Errors
    /// If there is none, if it is not between all tokens, or if the scores read tokens otherwise than one by one or by a mean.
    pub fn new(method: &str, context: &'a Context<'a>) -> Result<Self, Error> {
        let classifier = context.classifier;
        let unfit = |reason| Error::unfit(method, classifier, reason);
        let nodes = attention::nodes(context);
        if let Some(reason) = unfit_shape(context, &nodes) {
            return Err(unfit(reason));
        }
        let last = *nodes.last().ok_or_else(|| unfit("it has no attention between tokens".into()))?;
        let usual = Reading::of(classifier, &context.shapes, last).map_err(unfit)?;
        Ok(Self { classifier, nodes, usual })
    }

    /// The row that the scores read of a matrix `(n, tokens, tokens)`, over the patches, as maps of height `h` and width `w`.
    pub(crate) fn map(&self, matrix: Tensor<3>, h: usize, w: usize) -> Tensor<4> {
        Resample::BILINEAR.resize(self.grid(matrix, [h, w]), h, w)
    }

    /// That row on the grid of the patches, `(n, 1, rows, columns)`, of images of height and width `size`.
    pub fn grid(&self, matrix: Tensor<3>, size: [usize; 2]) -> Tensor<4> {
        self.reading(size).grid(matrix)
    }

    /// That row of each head, `(n, heads, 1, patches)`, of images of height `h` and width `w`.
    pub(crate) fn patches(&self, matrices: Tensor<4>, h: usize, w: usize) -> Tensor<4> {
        let [n, heads, t, _] = matrices.dims();
        let reading = self.reading([h, w]);
        let row = reading.row(matrices.reshape([n * heads, t, t]));
        let [_, _, patches] = row.dims();
        row.reshape([n, heads, 1, patches])
    }

    /// Networks that take images of any size have more tokens for larger ones.
    fn reading(&self, size: [usize; 2]) -> Cow<'_, Reading> {
        let graph = self.classifier.network.graph();
        let [channels, h, w] = graph.input;
        if graph.fixed || size == [h, w] {
            return Cow::Borrowed(&self.usual);
        }
        let last = self.nodes[self.nodes.len() - 1];
        let shapes =
            graph.shapes([channels, size[0], size[1]]).map_err(|error: ShapeError| error.to_string());
        let reading = shapes.and_then(|shapes| Reading::of(self.classifier, &shapes, last));
        Cow::Owned(reading.unwrap_or_else(|error| panic!("images of another size: {error}")))
    }
}

/// Why the attention of a network is not between all its tokens, if it is not.
fn unfit_shape(context: &Context<'_>, square: &[NodeId]) -> Option<String> {
    let (graph, shapes) = (context.classifier.network.graph(), &context.shapes);
    let consumers = graph.consumers();
    let weighs = |id: NodeId| consumers[id].iter().any(|&reader| graph.nodes[reader].op == Op::MatMul);
    let mut others = (0..graph.nodes.len()).filter(|&id| {
        let last = shapes[id].len().saturating_sub(1);
        graph.nodes[id].op == Op::Softmax { axis: last } && last >= 2 && weighs(id) && !square.contains(&id)
    });
    let name = |id: NodeId| &graph.nodes[id].name;
    if let Some(id) = others.next() {
        return Some(match shapes[id][..] {
            [parts, heads, rows, columns] if rows == columns => {
                let parts = parts * heads;
                format!(
                    "its attention `{}` is within windows ({parts} of {rows} tokens, heads counted), not between all tokens",
                    name(id)
                )
            }
            [.., rows, columns] if rows != columns => {
                format!(
                    "its attention `{}` goes from {rows} tokens to {columns}, not between all tokens",
                    name(id)
                )
            }
            ref shape => format!(
                "its attention `{}` has {} axes, not 4 (images, heads, tokens, tokens)",
                name(id),
                shape.len()
            ),
        });
    }
    let &first = square.first()?;
    let other = square.iter().find(|&&id| shapes[id][2] != shapes[first][2])?;
    let [before, after] = [first, *other].map(|id| shapes[id][2]);
    Some(format!(
        "its attention is between {before} tokens in `{}` and {after} in `{}`",
        name(first),
        name(*other)
    ))
}

impl Reading {
    /// Of the last attention of a network whose values have these shapes.
    fn of(classifier: &Classifier, shapes: &[Vec<usize>], attention: NodeId) -> Result<Self, String> {
        let graph = classifier.network.graph();
        let tokens = shapes[attention][2];
        let shares = tokens::read_by_scores(graph, shapes, attention).map_err(|node| {
            let node = &graph.nodes[node];
            format!(
                "its scores mix tokens in `{}` ({}), and are no function of single tokens or their mean",
                node.name,
                node.op.kind()
            )
        })?;
        let grid = match tokens::patches(graph, shapes)[attention] {
            Some(Ok(Patches { axis: 2, first, grid })) => Some((first, grid)),
            Some(_) => None,
            None => match Layout::square(graph, shapes, attention, tokens) {
                Some(Layout::Tokens { first, grid }) => Some((first, grid)),
                _ => None,
            },
        };
        let (first, grid) =
            grid.ok_or_else(|| format!("its {tokens} tokens do not hold all patches on one grid"))?;
        Ok(Self { shares, first, grid })
    }

    /// The sum of the rows, each as often as its token counts, over the patches: `(n, 1, patches)`.
    fn row(&self, matrix: Tensor<3>) -> Tensor<3> {
        let count = self.grid[0] * self.grid[1];
        let row = if let Some(token) = self.shares.iter().position(|&share| share == 1.0) {
            matrix.narrow(1, token, 1)
        } else {
            let shares = TensorData::new(self.shares.clone(), [1, self.shares.len(), 1]);
            (matrix.clone() * Tensor::<3>::from_data(shares, &matrix.device())).sum_dim(1)
        };
        row.narrow(2, self.first, count)
    }

    fn grid(&self, matrix: Tensor<3>) -> Tensor<4> {
        let [n, _, _] = matrix.dims();
        let [rows, columns] = self.grid;
        self.row(matrix).reshape([n, 1, rows, columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{numbers, wave};

    fn matrix(tokens: usize) -> Tensor<3> {
        let data = TensorData::new(wave(tokens * tokens, 0.3), [1, tokens, tokens]);
        Tensor::from_data(data, &models::device::cpu().device)
    }

    #[test]
    fn the_map_is_the_row_that_is_read_on_the_grid() {
        let (m, values) = (matrix(7), numbers(matrix(7)));
        let one = Reading { shares: vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], first: 1, grid: [2, 3] };
        assert_eq!(numbers(one.grid(m.clone())), values[8..14]);
        let two = Reading { shares: vec![0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5], ..one };
        let mean: Vec<f32> = (1..7).map(|i| 0.5 * values[i] + 0.5 * values[42 + i]).collect();
        assert_eq!(numbers(two.grid(m)), mean);
    }

    /// Invariant 16.
    #[test]
    fn a_row_that_sees_nothing_is_an_empty_map() {
        let identity = attention::identity(&matrix(5));
        let class = Reading { shares: vec![1.0, 0.0, 0.0, 0.0, 0.0], first: 1, grid: [2, 2] };
        assert!(numbers(class.grid(identity)).iter().all(|value| *value == 0.0));
    }
}

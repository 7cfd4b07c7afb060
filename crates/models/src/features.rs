//! What a layer holds, as maps with rows and columns: feature maps as they are, tokens on their grid.

use burn::tensor::{Tensor, TensorData};

use crate::classifier::Classifier;
use crate::network::graph::{Graph, NodeId};
use crate::network::value::Value;
use crate::tokens::{self, Patches};

/// How the positions of a layer lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `(n, c, h, w)`.
    Maps,
    /// `(n, t, c)`: tokens of patches on a grid, row by row, among others without a place (class, distillation, registers).
    Tokens {
        /// Tokens before the grid.
        first: usize,
        /// Rows and columns of the grid.
        grid: [usize; 2],
    },
}

impl Layout {
    /// The layout of a node's value in a graph whose values have these shapes; nothing if there is no grid in it, if
    /// it is the same for every image, or if its axes are others (attention matrices).
    pub fn at(graph: &Graph, shapes: &[Vec<usize>], node: NodeId) -> Option<Self> {
        if !graph.varies()[node] {
            return None;
        }
        match shapes[node][..] {
            [_, _, h, w] => (h * w > 0 && graph.holds_maps(shapes, node)).then_some(Self::Maps),
            [_, tokens, _] => match tokens::patches(graph, shapes)[node] {
                Some(found) => found.ok().and_then(Self::of),
                None => Self::square(graph, shapes, node, tokens),
            },
            _ => None,
        }
    }

    fn of(patches: Patches) -> Option<Self> {
        let Patches { axis, first, grid } = patches;
        (axis == 1).then_some(Self::Tokens { first, grid })
    }

    /// Of tokens that cannot be followed: the largest square, at their end, unless the last maps before them say otherwise.
    pub fn square(graph: &Graph, shapes: &[Vec<usize>], node: NodeId, tokens: usize) -> Option<Self> {
        let side = tokens.isqrt();
        let fits = patch_grid(graph, shapes, node, tokens).is_none_or(|grid| grid == [side, side]);
        (fits && side > 0).then(|| Self::Tokens { first: tokens - side * side, grid: [side, side] })
    }

    /// The number of channels of a value of this layout.
    pub fn channels(self, value: &Value) -> usize {
        value.shape()[self.axis()]
    }

    fn axis(self) -> usize {
        match self {
            Self::Maps => 1,
            Self::Tokens { .. } => 2,
        }
    }

    /// The value with one channel of each row of the batch set to zero, or none.
    pub fn without(self, value: Value, channels: &[Option<usize>]) -> Value {
        let count = self.channels(&value);
        let mut kept = vec![1.0_f32; channels.len() * count];
        for (row, channel) in channels.iter().enumerate() {
            if let Some(channel) = channel {
                kept[row * count + channel] = 0.0;
            }
        }
        let mut shape = vec![1; value.rank()];
        shape[0] = channels.len();
        shape[self.axis()] = count;
        let kept = Tensor::<1>::from_data(TensorData::new(kept, [channels.len() * count]), &value.device());
        value.multiply(Value::new(kept).reshape(&shape))
    }

    /// The layer as maps `(n, c, h, w)`, without tokens that have no place.
    ///
    /// # Panics
    /// If the value does not have this layout.
    pub fn maps(self, value: Value) -> Tensor<4> {
        match self {
            Self::Maps => value.tensor(),
            Self::Tokens { first, grid: [rows, columns] } => {
                let tokens = value.tensor::<3>().swap_dims(1, 2);
                let [n, c, _] = tokens.dims();
                tokens.narrow(2, first, rows * columns).reshape([n, c, rows, columns])
            }
        }
    }
}

impl Classifier {
    /// The layout of a layer for images of height `h` and width `w`.
    ///
    /// # Panics
    /// If it has none, or the network does not work on such images.
    pub fn layout(&self, layer: NodeId, [h, w]: [usize; 2]) -> Layout {
        let graph = self.network.graph();
        let shapes = graph.shapes([graph.input[0], h, w]).expect("images that fit the network");
        Layout::at(graph, &shapes, layer).expect("a layer with maps or tokens")
    }
}

/// Rows and columns of the patches that the tokens of a node come from: the last maps before it that have no more
/// positions than there are tokens; nothing if there are none.
fn patch_grid(graph: &Graph, shapes: &[Vec<usize>], node: NodeId, tokens: usize) -> Option<[usize; 2]> {
    let grid = |id: NodeId| match shapes[id][..] {
        [1, _, h, w] if h * w > 1 && h * w <= tokens => Some([h, w]),
        _ => None,
    };
    (1..node).rev().find_map(|id| grid(id).filter(|_| graph.holds_maps(shapes, id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::zoo::convnext::ConvNeXt;
    use crate::zoo::vit::ViT;

    #[test]
    fn tokens_before_the_grid_are_left_out() {
        let layout = Layout::Tokens { first: 2, grid: [2, 2] };
        let numbers: Vec<f32> = (0..36).map(|i| i as f32).collect();
        let value = Tensor::<1>::from_floats(numbers.as_slice(), &device::cpu().device).reshape([2, 6, 3]);
        let maps = layout.maps(Value::new(value));
        assert_eq!(maps.dims(), [2, 3, 2, 2]);
        // Channel 1 of the first image at row 1, column 0: token 4.
        assert_eq!(maps.slice([0..1, 1..2, 1..2, 0..1]).into_scalar::<f32>(), 13.0);
    }

    /// 16 patches in 2 rows of 8 are as many as in 4 of 4, and would be drawn in the wrong places.
    #[test]
    fn tokens_lie_on_the_grid_of_the_patches() {
        let graph = ViT { side: 64, ..ViT::new(24, 2, 3) }.graph(10);
        let mut shapes = graph.shapes(graph.input).unwrap();
        let [patches, norm] = ["patch_embed.proj", "blocks.1.norm1"].map(|name| graph.find(name).unwrap());
        assert_eq!(Layout::at(&graph, &shapes, norm), Some(Layout::Tokens { first: 1, grid: [4, 4] }));
        shapes[patches] = vec![1, 24, 2, 8];
        shapes[graph.find("patch_embed.permute").unwrap()] = vec![1, 2, 8, 24];
        assert_eq!(Layout::at(&graph, &shapes, norm), Some(Layout::Tokens { first: 1, grid: [2, 8] }));
    }

    #[test]
    fn what_is_no_map_is_told_from_maps() {
        let layouts = |graph: Graph| {
            let shapes = graph.shapes(graph.input).unwrap();
            move |name: &str| Layout::at(&graph, &shapes, graph.find(name).unwrap())
        };
        let vit = layouts(ViT { side: 64, ..ViT::new(24, 2, 3) }.graph(10));
        let tokens = Some(Layout::Tokens { first: 1, grid: [4, 4] });
        assert_eq!((vit("blocks.1.norm1"), vit("patch_embed.proj")), (tokens, Some(Layout::Maps)));
        for name in ["attn.softmax", "attn.q", "attn.v.split", "attn.heads", "attn.transpose"] {
            assert_eq!(vit(&format!("blocks.1.{name}")), None, "{name}");
        }
        assert_eq!((vit("pos_embed"), vit("patch_embed.permute")), (None, None));
        let convnext = layouts(ConvNeXt { depths: [1; 4], dims: [4, 8, 12, 16] }.graph(10));
        for name in ["input", "stem", "stages.1.downsample.0", "stages.2.blocks.0.scale", "stages.3"] {
            assert_eq!(convnext(name), Some(Layout::Maps), "{name}");
        }
        for name in ["mlp.fc1", "mlp.act", "norm", "channels_last", "gamma", "gamma.channels"] {
            assert_eq!(convnext(&format!("stages.3.blocks.0.{name}")), None, "{name}");
        }
    }
}

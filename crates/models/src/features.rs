//! What a layer holds, as maps with rows and columns: feature maps as they are, tokens on their grid.

use burn::tensor::{Tensor, TensorData};

use crate::network::graph::{Graph, NodeId};
use crate::network::value::Value;

/// How the positions of a layer lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `(n, c, h, w)`.
    Maps,
    /// `(n, t, c)`: some tokens without a place (class, distillation) before a square grid, row by row.
    Tokens {
        /// Tokens before the grid.
        prefix: usize,
        /// Rows and columns of the grid.
        side: usize,
    },
}

impl Layout {
    /// The layout of a shape, batch axis included; nothing if there is no grid in it.
    pub fn of(shape: &[usize]) -> Option<Self> {
        match *shape {
            [_, _, h, w] if h * w > 0 => Some(Self::Maps),
            [_, tokens, _] if tokens > 0 => {
                let side = tokens.isqrt();
                Some(Self::Tokens { prefix: tokens - side * side, side })
            }
            _ => None,
        }
    }

    /// The layout of a node's value in a graph whose values have these shapes; nothing if there is no grid in it, if
    /// it is the same for every image, if its axes are others (attention matrices), or if its tokens come from a
    /// grid that is not square.
    pub fn at(graph: &Graph, shapes: &[Vec<usize>], node: NodeId) -> Option<Self> {
        let layout = Self::of(&shapes[node]).filter(|_| graph.varies()[node])?;
        let fits = match layout {
            Self::Maps => graph.holds_maps(shapes, node),
            Self::Tokens { side, .. } => {
                patch_grid(graph, shapes, node, shapes[node][1]).is_none_or(|grid| grid == [side, side])
            }
        };
        fits.then_some(layout)
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
            Self::Tokens { prefix, side } => {
                let tokens = value.tensor::<3>().swap_dims(1, 2);
                let [n, c, t] = tokens.dims();
                tokens.narrow(2, prefix, t - prefix).reshape([n, c, side, side])
            }
        }
    }
}

/// Rows and columns of the patches that the tokens of a node come from: the last maps before it that have no more
/// positions than there are tokens; nothing if there are none.
pub fn patch_grid(graph: &Graph, shapes: &[Vec<usize>], node: NodeId, tokens: usize) -> Option<[usize; 2]> {
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
        let layout = Layout::of(&[2, 6, 3]).unwrap();
        assert_eq!(layout, Layout::Tokens { prefix: 2, side: 2 });
        let numbers: Vec<f32> = (0..36).map(|i| i as f32).collect();
        let value = Tensor::<1>::from_floats(numbers.as_slice(), &device::cpu().device).reshape([2, 6, 3]);
        let maps = layout.maps(Value::new(value));
        assert_eq!(maps.dims(), [2, 3, 2, 2]);
        // Channel 1 of the first image at row 1, column 0: token 4.
        assert_eq!(maps.slice([0..1, 1..2, 1..2, 0..1]).into_scalar::<f32>(), 13.0);
        assert_eq!(Layout::of(&[4, 10]), None);
    }

    /// 16 patches in 2 rows of 8 are as many as in 4 of 4, and would be drawn in the wrong places.
    #[test]
    fn tokens_that_are_no_square_have_no_layout() {
        let graph = ViT { side: 64, ..ViT::new(24, 2, 3) }.graph(10);
        let mut shapes = graph.shapes(graph.input).unwrap();
        let [patches, norm] = ["patch_embed.proj", "blocks.1.norm1"].map(|name| graph.find(name).unwrap());
        assert_eq!(patch_grid(&graph, &shapes, norm, 17), Some([4, 4]));
        shapes[patches] = vec![1, 24, 2, 8];
        assert_eq!(Layout::at(&graph, &shapes, norm), None);
    }

    #[test]
    fn what_is_no_map_is_told_from_maps() {
        let layouts = |graph: Graph| {
            let shapes = graph.shapes(graph.input).unwrap();
            move |name: &str| Layout::at(&graph, &shapes, graph.find(name).unwrap())
        };
        let vit = layouts(ViT { side: 64, ..ViT::new(24, 2, 3) }.graph(10));
        let tokens = Some(Layout::Tokens { prefix: 1, side: 4 });
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

//! GELU, SiLU, HardSigmoid and HardSwish spelled out.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use models::graph::Activation;
use models::{NodeId, Op};

use super::{Draft, near};

impl Draft {
    pub(super) fn merge_activations(&mut self) {
        for node in 0..self.graph.nodes.len() {
            if let Some((activation, x)) = self.spelled_out(node) {
                self.replace(node, Op::Activation(activation), vec![x]);
            }
        }
    }

    fn spelled_out(&self, node: NodeId) -> Option<(Activation, NodeId)> {
        if let Some(x) = self.hard_sigmoid(node) {
            return Some((Activation::HardSigmoid(1.0 / 6.0, 0.5), x));
        }
        let (factor, factors) = self.product(node)?;
        let [a, b] = *factors.as_slice() else { return None };
        let gate = |x: NodeId, gate: NodeId| Some((self.gate(x, gate, factor)?, x));
        gate(a, b).or_else(|| gate(b, a))
    }

    /// The function that is `factor x gate`.
    fn gate(&self, x: NodeId, gate: NodeId, factor: f64) -> Option<Activation> {
        let one = near(factor, 1.0);
        if one && self.activation(gate, Activation::Sigmoid) == Some(x) {
            return Some(Activation::Silu);
        }
        let hard = matches!(*self.op(gate), Op::Activation(Activation::HardSigmoid(slope, offset))
            if near(slope, 1.0 / 6.0) && near(offset, 0.5));
        if one && hard && self.inputs(gate)[0] == x {
            return Some(Activation::HardSwish);
        }
        if near(factor, 1.0 / 6.0) && self.shifted_relu6(gate) == Some(x) {
            return Some(Activation::HardSwish);
        }
        // 1 + erf or 1 + tanh, possibly halved already.
        let (scale, shift, inner) = self.affine(gate)?;
        let half = near(scale * factor, 0.5) && near(shift * factor, 0.5);
        if !half {
            return None;
        }
        let erf = self.activation(inner, Activation::Erf).and_then(|inner| self.product(inner));
        if erf.is_some_and(|(scale, inner)| near(scale, FRAC_1_SQRT_2) && inner == [x]) {
            return Some(Activation::Gelu);
        }
        let tanh = self.activation(inner, Activation::Tanh)?;
        self.is_tanh_argument(tanh, x).then_some(Activation::GeluTanh)
    }

    /// `sqrt(2 / pi) (x + 0.044715 x^3)`.
    fn is_tanh_argument(&self, node: NodeId, x: NodeId) -> bool {
        let Some((scale, sum)) = self.product(node) else { return false };
        let [sum] = *sum.as_slice() else { return false };
        let [a, b] = *self.inputs(sum) else { return false };
        let cubic = if a == x { b } else { a };
        let cube = self
            .product(cubic)
            .is_some_and(|(factor, factors)| near(factor, 0.044_715) && factors == [x, x, x]);
        near(scale, FRAC_2_PI.sqrt()) && *self.op(sum) == Op::Add && (a == x || b == x) && cube
    }

    /// `min(max(x + 3, 0), 6)`.
    fn shifted_relu6(&self, node: NodeId) -> Option<NodeId> {
        let (scale, shift, x) = self.affine(self.activation(node, Activation::Clip(0.0, 6.0))?)?;
        (near(scale, 1.0) && near(shift, 3.0)).then_some(x)
    }

    /// `min(max(x + 3, 0), 6) / 6`.
    fn hard_sigmoid(&self, node: NodeId) -> Option<NodeId> {
        let (scale, shift, inner) = self.affine(node)?;
        if near(scale, 1.0 / 6.0) && shift == 0.0 { self.shifted_relu6(inner) } else { None }
    }

    /// A node as a number times up to four values, products taken apart. Nothing for other operations.
    fn product(&self, node: NodeId) -> Option<(f64, Vec<NodeId>)> {
        const MOST: usize = 4;
        let mut steps = 0;
        let mut factor = 1.0;
        let (mut open, mut factors) = (vec![node], Vec::new());
        while let Some(next) = open.pop() {
            steps += 1;
            if factors.len() + open.len() >= MOST || steps > 4 * MOST {
                return None;
            }
            match (self.op(next), self.affine(next)) {
                (Op::Multiply, _) => open.extend_from_slice(self.inputs(next)),
                (_, Some((scale, 0.0, x))) => {
                    factor *= scale;
                    open.push(x);
                }
                _ => factors.push(next),
            }
        }
        Some((factor, factors))
    }
}

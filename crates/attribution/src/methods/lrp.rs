//! Layer-wise relevance propagation (Bach et al., "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by
//! Layer-Wise Relevance Propagation", 2015): the target's logit counts 1, and every operation hands what it has to its
//! inputs in proportion to what they contributed.
//!
//! `preset` names a set of rules; `first`, `conv` and `linear` replace single ones. `coherency` is the code of the
//! Coherency study (BatchNorm apart, relevance copied at residual sums, every layer's relevance divided by its sum).

use models::{Classifier, Op};
use spec::Reader;

use crate::context::Context;
use crate::lrp::rule::Rule;
use crate::lrp::{Propagation, Rules};
use crate::method::{Entry, Error, Explainer, Method, Needs, Passes, explainer};
use crate::walk::walk;

pub(crate) const ENTRY: Entry = Entry {
    name: "lrp",
    summary: "relevance handed back layer by layer, in proportion to contributions",
    paper: "Bach et al. 2015",
    cost: "1 F + 2 to 4 B",
    build: |reader: &mut Reader| Ok(Box::new(Lrp(rules(reader)?))),
};

const Z_PLUS: Rule = Rule::AlphaBeta(1.0, 0.0);

fn rules(reader: &mut Reader) -> Result<Rules, spec::Error> {
    let preset = |first, conv, linear, coherency| Rules { first, conv, linear, coherency };
    let small = Rule::Epsilon(1e-6);
    let mut rules = reader.choose(
        "preset",
        &[
            ("z-plus-box", preset(Rule::ZBox, Z_PLUS, Z_PLUS, false)),
            ("epsilon-plus", preset(Z_PLUS, Z_PLUS, small, false)),
            ("epsilon-plus-flat", preset(Rule::Flat, Z_PLUS, small, false)),
            ("epsilon-gamma-box", preset(Rule::ZBox, Rule::Gamma(0.25), small, false)),
            (
                "epsilon-alpha2-beta1",
                preset(Rule::AlphaBeta(2.0, 1.0), Rule::AlphaBeta(2.0, 1.0), small, false),
            ),
            ("epsilon-alpha2-beta1-flat", preset(Rule::Flat, Rule::AlphaBeta(2.0, 1.0), small, false)),
            ("coherency", preset(Rule::ZBox, Rule::Apart, Rule::Apart, true)),
        ],
    )?;
    let epsilon = reader.take_if("epsilon", 1e-6, "a number > 0", |&x: &f64| x > 0.0 && x.is_finite())?;
    let gamma = reader.take_if("gamma", 0.25, "a number >= 0", |&x: &f64| x >= 0.0 && x.is_finite())?;
    for (key, rule) in [("first", &mut rules.first), ("conv", &mut rules.conv), ("linear", &mut rules.linear)]
    {
        let known = [
            ("preset", *rule),
            ("0", Rule::Epsilon(f64::from(f32::MIN_POSITIVE))),
            ("epsilon", small),
            ("gamma", Rule::Gamma(gamma)),
            ("alpha1-beta0", Z_PLUS),
            ("alpha2-beta1", Rule::AlphaBeta(2.0, 1.0)),
            ("z-plus", Z_PLUS),
            ("w-square", Rule::WSquare),
            ("flat", Rule::Flat),
            ("z-box", Rule::ZBox),
        ];
        *rule = match reader.choose(key, if key == "first" { &known } else { &known[..9] })? {
            rule if rule == small => Rule::Epsilon(epsilon),
            Rule::Gamma(_) => Rule::Gamma(gamma),
            rule => rule,
        };
    }
    Ok(rules)
}

struct Lrp(Rules);

impl Method for Lrp {
    fn needs(&self) -> Needs {
        let unfolded = self.0.coherency.then(|| models::network::fold::ALL.to_string());
        Needs { unfolded: unfolded.into_iter().collect(), ..Needs::network().per_channel() }
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        check_products(context.classifier)?;
        let mut propagation = Propagation::new("lrp", context, self.0)?;
        Ok(explainer(move |request| walk(context.classifier, request, &mut propagation)))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(1, 1))
    }
}

/// An error where two features are multiplied, for which there is no rule.
fn check_products(classifier: &Classifier) -> Result<(), Error> {
    let graph = classifier.network.graph();
    let varies = graph.varies();
    let product =
        |node: &&models::graph::Node| node.op == Op::MatMul && node.inputs.iter().all(|&input| varies[input]);
    graph.nodes.iter().find(product).map_or(Ok(()), |node| {
        Err(Error::unfit("lrp", classifier, format!("`{}` multiplies two features; see attn-lrp", node.name)))
    })
}

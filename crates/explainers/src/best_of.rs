//! The best of several methods' maps by a metric: what a method gains that chooses its map by the metric that it is judged by, with nothing to
//! learn.

use attribution::{Context, Entry, Error, Explainer, Method, Needs, ParsedMethod, Passes, Request, Told};
use models::Tensor;
use spec::Reader;

use crate::list;
use crate::reward::{Judge, Reward, Scores, Tries};

pub(crate) const ENTRY: Entry = Entry {
    name: "best-of",
    summary: "of several methods' maps the best by a metric, channels summed",
    paper: "a control for BEE 2025 and EEA",
    cost: "that of all methods and, for each, of the metric's test",
    build: |reader: &mut Reader| {
        let methods = reader.take_as("methods", "(gradcam)(layercam)", read)?;
        let reward = Reward::take(reader)?;
        Ok(Box::new(BestOf { methods, reward }))
    },
};

/// Reads `(A)(B)(C)`.
fn read(text: &str) -> Result<(Vec<ParsedMethod>, String), spec::Error> {
    let wrong = |expected: &str| spec::Error::Value {
        name: "best-of".into(),
        key: "methods".into(),
        value: text.into(),
        expected: expected.into(),
    };
    let specs = spec::groups(text).ok_or_else(|| wrong("(METHOD)(METHOD)"))?;
    let parse = |spec: &str| {
        list::parse(spec).map_err(|error| match error {
            Error::Spec(error) => error,
            other => wrong(&other.to_string()),
        })
    };
    let methods: Vec<ParsedMethod> = specs.into_iter().map(parse).collect::<Result<_, _>>()?;
    let twice = |at: usize| methods[..at].iter().any(|other| other.spec == methods[at].spec);
    if (0..methods.len()).any(twice) {
        return Err(wrong("methods that differ"));
    }
    let names: Vec<&str> = methods.iter().map(|method| &method.spec[..]).collect();
    let canonical = format!("({})", names.join(")("));
    Ok((methods, canonical))
}

struct BestOf {
    methods: Vec<ParsedMethod>,
    reward: Reward,
}

impl Method for BestOf {
    /// One view of the network serves all methods.
    fn needs(&self) -> Needs {
        let own = Needs { tells: true, ..Needs::scores() };
        self.methods.iter().map(ParsedMethod::needs).fold(own, Needs::and)
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let explainers =
            self.methods.iter().map(|method| method.prepare(context)).collect::<Result<_, _>>()?;
        let judge = Judge::new(&self.reward, context.plain);
        Ok(Box::new(Choosing { of: self, explainers, judge, told: Vec::new() }))
    }

    fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error> {
        let tests = self.reward.forwards(self.methods.len(), size.iter().product());
        let mut all = Passes { forwards: tests.count + tests.of_image, backwards: 0, exact: tests.exact };
        for method in &self.methods {
            let Passes { forwards, backwards, exact } = method.passes(context, size)?;
            all.forwards = all.forwards.saturating_add(forwards);
            all.backwards = all.backwards.saturating_add(backwards);
            all.exact &= exact;
        }
        Ok(all)
    }
}

struct Choosing<'a> {
    of: &'a BestOf,
    explainers: Vec<Box<dyn Explainer + 'a>>,
    judge: Judge<'a>,
    told: Vec<Told>,
}

impl Explainer for Choosing<'_> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        let summed = |maps: Tensor<4>| if maps.dims()[1] == 1 { maps } else { maps.sum_dim(1) };
        let maps = self.explainers.iter_mut().map(|explainer| Ok(summed(explainer.explain(request)?)));
        let maps: Vec<Tensor<4>> = maps.collect::<Result<_, Error>>()?;
        self.judge.take(request);
        let of: Vec<(usize, usize)> = request.targets.iter().copied().enumerate().collect();
        let scores: Vec<Vec<Scores>> = maps.iter().map(|maps| self.judge.scores(maps.clone(), &of)).collect();
        let (mut chosen, mut told) = (Vec::new(), Vec::new());
        for image in 0..of.len() {
            let mut tries = Tries::default();
            for (method, scores) in self.of.methods.iter().zip(&scores) {
                tries.begin(&method.spec, Vec::new());
                tries.end(scores[image].clone());
            }
            let one = |map: usize| maps[map].clone().narrow(0, image, 1);
            chosen.push(tries.best(&self.of.reward).map_or_else(|| one(0).full_like(f32::NAN), one));
            told.push(tries.told(&self.of.reward));
        }
        self.told = told;
        Ok(Tensor::cat(chosen, 0))
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

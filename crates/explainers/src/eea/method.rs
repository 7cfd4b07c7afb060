//! EEA and pEEA as methods.

use attribution::{Context, Entry, Error, Explainer, Method, Needs, Passes, Request, Told};
use learning::Learner;
use models::{Classifier, Link, Tensor};
use pipe::Direction;
use spec::Reader;

use super::{Loss, MaskLoss, Subject, logits, masks, tune};
use crate::auto::Auto;
use crate::file::{EeaFacts, EeaFile};
use crate::named::Named;
use crate::reward::{Judge, Reward, Tries};
use crate::{Renormalise, trained_for};

/// Masks that are made for an image at the most.
const STEPS: usize = 25;

pub(crate) const EEA: Entry = Entry {
    name: "eea",
    summary: "mask by a trained network (train eea) that learns on for each image, the best step by a metric",
    paper: "EEA",
    cost: "for each step 2 F + 2 B and the metric's test",
    build: |reader: &mut Reader| {
        let file = Named::take_or_transfer(reader)?;
        let reward = Reward::take_as(reader, "select")?;
        let steps = reader.take_if("steps", STEPS, "a positive whole number", |&steps| steps > 0)?;
        let stop = reader.take_if("stop", Stop::Auto, "auto, never or a number", Stop::is_sound)?;
        let loss = reader.take_if("loss", Auto::Auto, "auto, double-sigmoid, bce or l1", |_| true)?;
        let lambda = reader.take_if("lambda", Auto::Auto, "auto or a number from 0", not_negative)?;
        let rate = reader.take_if("rate", Auto::Auto, "auto or a number from 0", not_negative)?;
        Ok(Box::new(Eea { file, reward, steps, stop, loss, lambda, rate }))
    },
};

pub(crate) const PEEA: Entry = Entry {
    name: "peea",
    summary: "mask by a trained network (train eea)",
    paper: "EEA",
    cost: "1 F of the explainer",
    build: |reader: &mut Reader| Ok(Box::new(Peea { file: Named::take_or_transfer(reader)? })),
};

struct Peea {
    file: Named,
}

struct Eea {
    file: Named,
    reward: Reward,
    steps: usize,
    stop: Stop,
    loss: Auto<MaskLoss>,
    lambda: Auto<f64>,
    rate: Auto<f64>,
}

/// The value of the metric from which on a mask is good enough.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// Below 6 of POS and above 89 of NEG, as published.
    Auto,
    Never,
    At(f64),
}

fn not_negative(number: &Auto<f64>) -> bool {
    number.given().is_none_or(|number| number.is_finite() && number >= 0.0)
}

/// An explainer that is ready for a network.
struct Ready<'a> {
    method: &'static str,
    classifier: &'a Classifier,
    renormalise: Renormalise,
    facts: EeaFacts,
    learner: Learner,
}

impl<'a> Ready<'a> {
    fn open(method: &'static str, file: &Named, context: &'a Context<'a>) -> Result<Self, Error> {
        let classifier = context.plain;
        let (path, unusable) = file.path(method, context)?;
        let EeaFile { facts, learner } = EeaFile::open(path, &classifier.device).map_err(&unusable)?;
        if !file.transfer {
            trained_for(&facts.explained, classifier).map_err(&unusable)?;
        }
        let renormalise = Renormalise::new(&classifier.preprocess, &facts.preprocess, &classifier.device)
            .map_err(|reason| Error::unfit(method, classifier, reason))?;
        Ok(Self { method, classifier, renormalise, facts, learner })
    }

    /// Whether the explainer takes images of a size.
    fn check_size(&self, [_, _, h, w]: [usize; 4]) -> Result<(), Error> {
        let graph = self.learner.network().graph();
        let shapes = graph.shapes([graph.input[0], h, w]);
        shapes.map(|_| ()).map_err(|error| {
            Error::unfit(
                self.method,
                self.classifier,
                format!("its explainer takes no {h} x {w} pixels: {error}"),
            )
        })
    }
}

impl Method for Peea {
    fn needs(&self) -> Needs {
        self.file.needs()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let ready = Ready::open("peea", &self.file, context)?;
        let network = ready.learner.network().fold_batch_norm(&[]).pack();
        Ok(Box::new(First { ready, network }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::at_most(1, 0))
    }
}

struct First<'a> {
    ready: Ready<'a>,
    network: models::Network,
}

impl Explainer for First<'_> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        let [n, _, h, w] = request.dims();
        self.ready.check_size(request.dims())?;
        let batch = |start: usize| {
            let images = request.images.clone().narrow(0, start, request.batch_size.min(n - start));
            masks(logits(&self.network, self.ready.renormalise.apply(images)), [h, w])
        };
        Ok(Tensor::cat((0..n).step_by(request.batch_size.max(1)).map(batch).collect(), 0))
    }
}

impl Method for Eea {
    fn needs(&self) -> Needs {
        Needs { tells: true, ..self.file.needs() }
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let ready = Ready::open("eea", &self.file, context)?;
        let unfit = |reason: &str| Err(Error::unfit("eea", context.plain, reason));
        if context.plain.network.graph().link != Link::Softmax {
            return unfit("its scores are not those of one class of all, and the loss is a cross-entropy");
        }
        if self.rate == Auto::Auto && ready.facts.next_rate(0) == 0.0 {
            return unfit(
                "the schedule of its explainer's training has come to its end and a rate of 0: rate=NUMBER",
            );
        }
        let judge = Judge::new(&self.reward, context.plain);
        Ok(Box::new(Tuned { of: self, ready, judge, told: Vec::new() }))
    }

    fn passes(&self, _: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error> {
        let tests = self.reward.forwards(self.steps, size.iter().product());
        let own = Passes::at_most(2 * self.steps, 2 * self.steps);
        Ok(Passes {
            forwards: own.forwards.saturating_add(tests.count).saturating_add(tests.of_image),
            ..own
        })
    }
}

struct Tuned<'a> {
    of: &'a Eea,
    ready: Ready<'a>,
    judge: Judge<'a>,
    told: Vec<Told>,
}

impl Explainer for Tuned<'_> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        self.ready.check_size(request.dims())?;
        self.judge.take(request);
        let images = 0..request.targets.len();
        let (maps, told) = images.map(|image| self.one(request, image)).unzip();
        self.told = told;
        Ok(Tensor::cat(maps, 0))
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

impl Tuned<'_> {
    /// The map of an image, from the explainer as its training left it.
    fn one(&mut self, request: &Request<'_>, image: usize) -> (Tensor<4>, Told) {
        let Self { of, ready, judge, .. } = self;
        let (target, pixels) = (request.targets[image], request.images.clone().narrow(0, image, 1));
        let subject =
            Subject { explained_as: ready.renormalise.apply(pixels.clone()), image: pixels, target };
        let rate = |step| of.rate.given().unwrap_or_else(|| ready.facts.next_rate(step));
        let (mut tries, mut made): (Tries, Vec<Tensor<4>>) = (Tries::default(), Vec::new());
        let watch = |mask: Tensor<4>| {
            let scores = judge.scores(mask.clone(), &[(image, target)]).remove(0);
            let enough = of.stop.is_reached(&of.reward, &scores);
            tries.begin("explainer", Vec::new());
            tries.end(scores);
            made.push(mask);
            !enough
        };
        let learner = ready.learner.clone();
        let tuned = tune(learner, ready.classifier, &subject, of.loss(&ready.facts), of.steps, rate, watch);
        let none = || subject.image.clone().narrow(1, 0, 1).full_like(f32::NAN);
        if let Err(reason) = tuned {
            return (none(), Told { failure: Some(reason), ..tries.told(&of.reward) });
        }
        let map = tries.best(&of.reward).map_or_else(none, |best| made.swap_remove(best));
        (map, tries.told(&of.reward))
    }
}

impl Eea {
    fn loss(&self, facts: &EeaFacts) -> Loss {
        let Loss { mask, lambda } = facts.loss;
        Loss { mask: self.loss.given().unwrap_or(mask), lambda: self.lambda.given().unwrap_or(lambda) }
    }
}

impl Stop {
    fn is_sound(&self) -> bool {
        if let Self::At(number) = self { number.is_finite() } else { true }
    }

    /// Whether the only metric of a reward has come to a value that is good enough.
    fn is_reached(self, reward: &Reward, scores: &[metrics::Measured]) -> bool {
        let ([(metric, _)], [Ok(value)]) = (&reward.terms[..], scores) else { return false };
        let at = match (self, metrics::name_of(&metric.name)) {
            (Self::At(at), _) => at,
            (Self::Auto, "pos") => 6.0,
            (Self::Auto, "neg") => 89.0,
            _ => return false,
        };
        if metric.direction == Direction::Lower { *value < at } else { *value > at }
    }
}

impl std::str::FromStr for Stop {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            number => number.parse().map(Self::At),
        }
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => out.write_str("auto"),
            Self::Never => out.write_str("never"),
            Self::At(number) => write!(out, "{number}"),
        }
    }
}

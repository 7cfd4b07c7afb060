//! From a spec string to a method, by lists of entries.

use models::Tensor;
use spec::Reader;

use crate::context::Context;
use crate::method::{Access, Entry, Error, Explainer, Method, Needs, Passes, Told};
use crate::noise_tunnel::{Tunnel, split_tunnel};
use crate::request::Request;

impl Entry {
    /// The parameters with their defaults.
    pub fn parameters(&self) -> String {
        let read = |mut reader| (self.build)(&mut reader).map(|_| reader.parameters());
        Reader::new(self.name).and_then(read).unwrap_or_else(|error| error.to_string())
    }

    /// What the method needs as it is without parameters.
    pub fn needs(&self) -> Needs {
        let build = |mut reader| (self.build)(&mut reader);
        let method = Reader::new(self.name).and_then(build);
        method.map_or_else(|_| Needs::network(), |method| method.needs())
    }

    /// Whether the method, as it is without parameters, asks for nothing but class scores.
    pub fn is_black_box(&self) -> bool {
        self.needs().access == Access::Scores
    }

    /// Whether the method has a parameter of that name.
    pub fn takes(&self, parameter: &str) -> bool {
        self.parameters().split(',').any(|known| known.split('=').next() == Some(parameter))
    }
}

/// A method and its canonical spec string.
pub struct ParsedMethod {
    /// The spec string without defaults.
    pub spec: String,
    method: Box<dyn Method>,
}

/// Reads a spec string by the entries of some lists, with `+noise-tunnel` behind it or not.
///
/// # Errors
/// If no list has such a method, or a parameter is wrong.
pub fn parse(spec: &str, lists: &[&[Entry]]) -> Result<ParsedMethod, Error> {
    let (own, tunnel) = split_tunnel(spec);
    let ParsedMethod { spec, method } = parse_alone(own, lists)?;
    let Some(tunnel) = tunnel else { return Ok(ParsedMethod { spec, method }) };
    let (tunnel, name) = Tunnel::read(tunnel)?;
    Ok(ParsedMethod { spec: format!("{spec}+{name}"), method: tunnel.around(method) })
}

fn parse_alone(spec: &str, lists: &[&[Entry]]) -> Result<ParsedMethod, Error> {
    let mut reader = Reader::new(spec)?;
    let entries = || lists.iter().copied().flatten();
    let entry = entries().find(|entry| entry.name == reader.name()).ok_or_else(|| {
        let known: Vec<&str> = entries().map(|entry| entry.name).collect();
        spec::Error::UnknownName { what: "method", name: reader.name().into(), known: known.join(", ") }
    })?;
    let method = (entry.build)(&mut reader)?;
    Ok(ParsedMethod { spec: reader.finish()?, method })
}

impl ParsedMethod {
    /// What the method needs, known before anything is loaded.
    pub fn needs(&self) -> Needs {
        self.method.needs()
    }

    /// Whether the method can explain a black box called `model`.
    ///
    /// # Errors
    /// If it needs more than class scores.
    pub fn check_black_box(&self, model: &str) -> Result<(), Error> {
        if self.needs().access == Access::Scores {
            return Ok(());
        }
        Err(Error::BlackBox { method: self.spec.clone(), model: model.into() })
    }

    /// Does what is done once for a classifier, seen with the layers of [`Needs::unfolded`] apart from their BatchNorm.
    ///
    /// # Errors
    /// If the classifier or the context lacks what the method needs.
    pub fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let needs = self.fits(context)?;
        let explainer = self.method.prepare(context)?;
        Ok(Box::new(Guarded { spec: &self.spec, needs, context, explainer }))
    }

    /// What one image of height and width `size` costs.
    ///
    /// # Errors
    /// As [`ParsedMethod::prepare`].
    pub fn passes(&self, context: &Context<'_>, size: [usize; 2]) -> Result<Passes, Error> {
        self.fits(context)?;
        self.method.passes(context, size)
    }

    fn fits(&self, context: &Context<'_>) -> Result<Needs, Error> {
        let needs = self.needs();
        if context.classifier.network.graph().is_black_box() {
            self.check_black_box(&context.classifier.name)?;
        }
        match needs.files.iter().find(|name| context.file(name).is_none()) {
            Some(name) => Err(Error::File { method: self.spec.clone(), name: name.clone() }),
            None => Ok(needs),
        }
    }
}

/// An explainer that gets what it needs, and whose maps hold only true scores.
struct Guarded<'a> {
    spec: &'a str,
    needs: Needs,
    context: &'a Context<'a>,
    explainer: Box<dyn Explainer + 'a>,
}

impl Explainer for Guarded<'_> {
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        self.check(request)?;
        let maps = self.explainer.explain(request)?;
        match self.context.classifier.failure() {
            Some(reason) => {
                Err(Error::Scores { model: self.context.classifier.name.clone(), reason: reason.into() })
            }
            None => Ok(maps),
        }
    }

    fn told(&mut self) -> Vec<Told> {
        self.explainer.told()
    }
}

impl Guarded<'_> {
    /// Whether a request brings what the method needs.
    fn check(&self, request: &Request<'_>) -> Result<(), Error> {
        let unfit = |reason| Err(Error::unfit(self.spec, self.context.classifier, reason));
        let classes = self.context.classes();
        if let Some(target) = request.targets.iter().find(|&&target| target >= classes) {
            return unfit(format!("class {target} is asked for, and it has {classes}, counted from 0"));
        }
        let [_, _, h, w] = request.dims();
        let found = request.baselines.map(|images| [images.dims()[2], images.dims()[3]]);
        if self.needs.baselines && found != Some([h, w]) {
            let found = found.map_or("none".into(), |[h, w]| format!("{h} x {w}"));
            return unfit(format!("baseline images of {h} x {w} are needed, there are {found}"));
        }
        Ok(())
    }
}

//! TAME as a method.

use attribution::{Context, Entry, Error, Explainer, Method, Needs, Passes, Request};
use models::resize::Resample;
use models::{Network, Plain, Tensor};
use spec::Reader;

use super::class_maps;
use super::loss::of_classes;
use crate::file::TameFile;
use crate::named::Named;

pub(crate) const ENTRY: Entry = Entry {
    name: "tame",
    summary: "map of the class by attention on three layers that was trained for it (train tame)",
    paper: "Ntrougkas et al. 2022",
    cost: "1 F",
    build: |reader: &mut Reader| Ok(Box::new(Tame { file: Named::take(reader)? })),
};

struct Tame {
    file: Named,
}

impl Method for Tame {
    fn needs(&self) -> Needs {
        self.file.needs()
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let (path, unusable) = self.file.path("tame", context)?;
        let TameFile { network, .. } = TameFile::open(path, context.plain).map_err(unusable)?;
        Ok(Box::new(Ready { context, network: network.pack() }))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::at_most(1, 0))
    }
}

struct Ready<'a> {
    context: &'a Context<'a>,
    network: Network,
}

impl Explainer for Ready<'_> {
    /// The maps before the sigmoid, brought to the images' size: where the published code shows them between their lowest and highest
    /// value, those are set by a step on maps.
    fn explain(&mut self, request: &Request<'_>) -> Result<Tensor<4>, Error> {
        let ([n, c, h, w], graph) = (request.dims(), self.network.graph());
        graph.shapes([c, h, w]).map_err(|_| {
            let [_, height, width] = graph.input;
            let reason = format!(
                "its attention was trained on {height} x {width} pixels, and the image has {h} x {w}"
            );
            Error::unfit("tame", self.context.plain, reason)
        })?;
        let size = request.batch_size.max(1);
        let batch = |(at, targets): (usize, &[usize])| {
            let images = request.images.clone().narrow(0, at * size, targets.len());
            let maps = of_classes(&class_maps(&self.network, images, &mut Plain), targets);
            Resample::BILINEAR.resize(maps, h, w)
        };
        debug_assert_eq!(n, request.targets.len());
        Ok(Tensor::cat(request.targets.chunks(size).enumerate().map(batch).collect(), 0))
    }
}

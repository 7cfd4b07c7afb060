//! The file of an explainer, under the name that a spec gives it.

use std::path::Path;

use attribution::{Context, Error, Needs};
use spec::Reader;

/// `explainer=NAME`.
pub(crate) struct Named {
    name: String,
    /// Whether it may have been trained for another network.
    pub(crate) transfer: bool,
}

impl Named {
    /// Takes the name of a file that belongs to one network.
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, spec::Error> {
        Ok(Self { name: reader.take("explainer", "explainer".to_owned())?, transfer: false })
    }

    /// The same of a file that another network may use if the spec says so.
    pub(crate) fn take_or_transfer(reader: &mut Reader) -> Result<Self, spec::Error> {
        let named = Self::take(reader)?;
        Ok(Self { transfer: reader.take("transfer", false)?, ..named })
    }

    /// The network and the file.
    pub(crate) fn needs(&self) -> Needs {
        Needs { files: vec![self.name.clone()], ..Needs::network() }
    }

    /// The file, and the error that it is of no use.
    ///
    /// # Errors
    /// If it was not given.
    pub(crate) fn path<'a>(
        &self,
        method: &'static str,
        context: &'a Context<'_>,
    ) -> Result<(&'a Path, impl Fn(anyhow::Error) -> Error + use<'a>), Error> {
        let missing = || Error::File { method: method.into(), name: self.name.clone() };
        let path = context.file(&self.name).ok_or_else(missing)?;
        let unusable = move |error: anyhow::Error| Error::Unusable {
            method: method.into(),
            path: path.display().to_string(),
            reason: format!("{error:#}"),
        };
        Ok((path, unusable))
    }
}

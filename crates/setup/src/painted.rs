//! Generated images on the disk, so that equal ones are made once and a run that was killed goes on.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use image::RgbImage;
use perturbation::{Generator, Request};
use pipe::{atomic, sha256};

/// A generator whose images are kept in a folder, each in a file that is named by the hash of all that it depends on.
#[derive(Debug)]
pub struct Painted<G> {
    generator: G,
    /// What it is, for the hash.
    name: String,
    folder: PathBuf,
}

impl<G: Generator> Painted<G> {
    /// Keeps the images of a generator in a folder.
    pub fn new(generator: G, name: &str, folder: &Path) -> Self {
        Self { generator, name: name.to_owned(), folder: folder.to_owned() }
    }

    /// The file of a request. An image that is painted anew altogether does not count: only its size does.
    fn file(&self, request: &Request<'_>) -> PathBuf {
        let [height, width] = request.size;
        let whole = request.mask.iter().all(|open| *open);
        let image = if whole { String::new() } else { sha256(request.image) };
        let mask = sha256(&request.mask.iter().map(|open| u8::from(*open)).collect::<Vec<_>>());
        let mut text = format!("{}\n{height} x {width}\n{image}\n{mask}\n", self.name);
        let _ = write!(text, "{}\n{}", request.seed, request.prompt); // Writing to a String cannot fail.
        self.folder.join(format!("{}.png", &sha256(text.as_bytes())[..16]))
    }
}

impl<G: Generator> Generator for Painted<G> {
    fn needs_prompt(&self) -> bool {
        self.generator.needs_prompt()
    }

    fn failure(&self) -> Option<String> {
        self.generator.failure()
    }

    /// Of equal requests only the first is made; a file that cannot be read is made again.
    fn generate(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<u8>>, String> {
        let files: Vec<PathBuf> = requests.iter().map(|request| self.file(request)).collect();
        let mut found: Vec<Option<Vec<u8>>> =
            files.iter().zip(requests).map(|(file, request)| read(file, request)).collect();
        let is_first = |at: &usize| !files[..*at].contains(&files[*at]);
        let wanted: Vec<usize> =
            (0..files.len()).filter(|&at| found[at].is_none()).filter(is_first).collect();
        let made = if wanted.is_empty() {
            Vec::new()
        } else {
            self.generator.generate(&wanted.iter().map(|&at| requests[at]).collect::<Vec<_>>())?
        };
        for (&at, bytes) in wanted.iter().zip(made) {
            write(&files[at], &bytes, requests[at].size)?;
            (0..files.len())
                .filter(|&other| files[other] == files[at])
                .for_each(|other| found[other] = Some(bytes.clone()));
        }
        found
            .into_iter()
            .map(|image| image.ok_or_else(|| "it gave fewer images than it was asked for".to_owned()))
            .collect()
    }
}

/// Planes of bytes, if the file is there and whole.
fn read(file: &Path, request: &Request<'_>) -> Option<Vec<u8>> {
    let image = image::open(file).ok()?.into_rgb8();
    let [height, width] = request.size;
    let fits = [image.height() as usize, image.width() as usize] == [height, width];
    (fits && request.image.len() == image.len())
        .then(|| (0..3).flat_map(|c| image.as_raw().iter().skip(c).step_by(3).copied()).collect())
}

fn write(file: &Path, bytes: &[u8], [height, width]: [usize; 2]) -> Result<(), String> {
    let area = height * width;
    if bytes.len() != 3 * area {
        // Grey images are few and small: they are made again.
        return Ok(());
    }
    let image = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = y as usize * width + x as usize;
        image::Rgb([bytes[at], bytes[area + at], bytes[2 * area + at]])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    let written = image.write_to(&mut png, image::ImageFormat::Png).map_err(|error| error.to_string());
    let written =
        written.and_then(|()| atomic::write(file, png.get_ref()).map_err(|error| error.to_string()));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Paints the seed, and remembers how many images it was asked for.
    #[derive(Debug, Default)]
    struct Seeds(Mutex<Vec<usize>>);

    impl Generator for Seeds {
        fn needs_prompt(&self) -> bool {
            false
        }

        fn failure(&self) -> Option<String> {
            None
        }

        fn generate(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<u8>>, String> {
            self.0.lock().unwrap().push(requests.len());
            Ok(requests.iter().map(|request| vec![request.seed as u8; request.image.len()]).collect())
        }
    }

    #[test]
    fn equal_requests_are_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let painted = Painted::new(Seeds::default(), "seeds", folder.path());
        let (one, other) = ([1; 12], [2; 12]);
        let request = |image, mask, seed| Request { image, size: [2, 2], mask, prompt: "", seed };
        let (part, whole) = (&[true, false, false, false][..], &[true; 4][..]);
        let asked = |requests: &[Request<'_>]| {
            let images: Vec<u8> = painted.generate(requests).unwrap().iter().map(|image| image[11]).collect();
            (images, painted.generator.0.lock().unwrap().last().copied())
        };
        let all = [
            request(&one, part, 5),
            request(&one, part, 5),
            request(&other, part, 5),
            request(&one, part, 6),
        ];
        assert_eq!(asked(&all), (vec![5, 5, 5, 6], Some(3)));
        painted.generator.0.lock().unwrap().clear();
        assert_eq!(asked(&all), (vec![5, 5, 5, 6], None));
        // What is painted anew altogether is the same for all images.
        assert_eq!(asked(&[request(&one, whole, 7), request(&other, whole, 7)]), (vec![7, 7], Some(1)));
        // A file that was cut is made again.
        let file = painted.file(&all[0]);
        std::fs::write(&file, b"cut").unwrap();
        assert_eq!(asked(&all), (vec![5, 5, 5, 6], Some(1)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}

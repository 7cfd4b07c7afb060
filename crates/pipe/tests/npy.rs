//! Arrays as NumPy saves them and as nobody should; `testdata/pipe/generate.py` makes the files.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};

use pipe::npy::{self, Array, Error, MapReader, PackWriter, Stream};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Expected {
    good: BTreeMap<String, Good>,
    bad: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Good {
    shape: Vec<usize>,
    values: Vec<Value>,
}

impl Good {
    fn array(&self) -> Array {
        let value = |value: &Value| match value {
            Value::String(text) => text.parse().unwrap(),
            other => other.as_f64().unwrap() as f32,
        };
        Array { shape: self.shape.clone(), data: self.values.iter().map(value).collect() }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pipe")
}

fn file(name: &str) -> PathBuf {
    folder().join("npy").join(format!("{name}.npy"))
}

fn expected() -> Expected {
    serde_json::from_str(&fs::read_to_string(folder().join("npy.json")).unwrap()).unwrap()
}

/// Equal bit by bit, so that NaN equals NaN.
fn same(a: &Array, b: &Array) -> bool {
    let bits = |array: &Array| array.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let nan = |array: &Array| array.data.iter().map(|value| value.is_nan()).collect::<Vec<_>>();
    a.shape == b.shape && (bits(a) == bits(b) || (nan(a).contains(&true) && nan(a) == nan(b)))
}

fn narrow(Array { shape, data }: Array<f64>) -> Array {
    Array { shape, data: data.into_iter().map(|value| value as f32).collect() }
}

/// A zip archive without compression, as `np.savez` writes it.
fn archive(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let stored = zip::write::SimpleFileOptions::default();
        let options = stored.compression_method(zip::CompressionMethod::Deflated);
        out.start_file(*name, if name.starts_with('s') { stored } else { options }).unwrap();
        std::io::Write::write_all(&mut out, bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn an_archive_of_one_array_is_that_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.npz");
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &[2, 2, 3], &numbers(12)).unwrap();
    for name in ["stored.npy", "deflated.npy"] {
        fs::write(&path, archive(&[(name, &bytes)])).unwrap();
        assert_eq!(npy::read_file(&path).unwrap().data, numbers(12));
        let map = npy::read_map(&path, Some(1)).unwrap();
        assert_eq!((map.shape, map.data), (vec![2, 3], numbers(12)[6..].to_vec()));
        assert!(
            message(npy::read_map(&path, Some(2)).unwrap_err()).contains("map_index 2 is not in the pack")
        );
    }
    let error = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        message(npy::read_file(&path).unwrap_err()).split_once(": ").unwrap().1.to_owned()
    };
    let several = archive(&[("x_test.npy", &bytes), ("arr_0.npy", &bytes)]);
    assert_eq!(
        error(&several),
        "an archive of 2 arrays (arr_0, x_test), where one is needed: save that one with np.save"
    );
    assert_eq!(
        error(&archive(&[("notes.txt", b"a note, and no array")])),
        "not a .npy file: it does not start with the NumPy magic"
    );
    let whole = archive(&[("stored.npy", &bytes)]);
    assert!(error(&whole[..whole.len() / 2]).starts_with("a damaged .npz archive: "));
    let mut changed = whole.clone();
    changed[60 + bytes.len() / 2] ^= 1;
    fs::write(&path, changed).unwrap();
    assert!(npy::read_file(&path).is_err(), "a wrong check sum");
}

/// The whole message, as a tool prints it.
fn message(error: Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|index| index as f32 * 0.5 - 3.0).collect()
}

#[test]
fn numpy_files_read_as_numpy_reads_them() {
    for (name, good) in expected().good {
        let array = npy::read_file(&file(&name)).unwrap_or_else(|error| panic!("{name}: {}", message(error)));
        assert!(same(&array, &good.array()), "{name}: {array:?}");
    }
}

#[test]
fn damaged_and_foreign_files_are_refused_with_the_reason() {
    for (name, reason) in expected().bad {
        let path = file(&name);
        let error = message(npy::read_file(&path).expect_err(&name));
        assert!(error.contains(&reason), "{name}: {error}");
        assert!(error.starts_with(&path.display().to_string()), "{name}: {error}");
        assert!(error.len() < 400 && !error.contains('\n'), "{name}: {error}");
        npy::read_map(&path, Some(0)).expect_err(&name);
    }
}

#[test]
fn every_kind_reads_the_same_from_a_pipe() {
    let expected = expected();
    let names: Vec<&String> = expected.good.keys().collect();
    let all: Vec<u8> = names.iter().flat_map(|name| fs::read(file(name)).unwrap()).collect();
    // A buffer of 7 bytes cuts every header and every value.
    let arrays: Vec<Array> = Stream::new(BufReader::with_capacity(7, Cursor::new(&all)))
        .map(|array| narrow(array.unwrap()))
        .collect();
    assert_eq!(arrays.len(), names.len());
    for (name, array) in names.iter().zip(&arrays) {
        assert!(same(array, &expected.good[*name].array()), "{name}");
    }
}

#[test]
fn a_cut_off_stream_is_an_error_at_every_length() {
    let one = fs::read(file("f4-little")).unwrap();
    let two = [one.clone(), one.clone()].concat();
    for length in 0..two.len() {
        let results: Vec<_> = Stream::new(&two[..length]).collect();
        let whole = length % one.len() == 0;
        assert_eq!(results.len(), length.div_ceil(one.len()), "{length}");
        assert!(results.last().is_none_or(|last| last.is_ok() == whole), "{length}");
    }
}

#[test]
fn only_an_array_looks_like_one() {
    assert!(npy::starts_with_npy(&mut &fs::read(file("pack")).unwrap()[..]).unwrap());
    assert!(!npy::starts_with_npy(&mut &b"image,target\n"[..]).unwrap());
    assert!(!npy::starts_with_npy(&mut "éa".as_bytes()).unwrap());
    assert!(!npy::starts_with_npy(&mut &b""[..]).unwrap());
}

#[test]
fn a_map_of_a_pack_is_that_row() {
    for name in ["pack", "pack-fortran", "pack-big-f2"] {
        let whole = npy::read_file(&file(name)).unwrap();
        let mut maps = MapReader::new();
        for index in [1, 0, 1] {
            let map = narrow(maps.read(&file(name), Some(index)).unwrap());
            assert_eq!(
                (&map.shape[..], &map.data[..]),
                (&[3, 4][..], &whole.data[index * 12..][..12]),
                "{name}"
            );
        }
    }
    let channels = npy::read_map(&file("pack-channels"), Some(1)).unwrap();
    assert_eq!((&channels.shape[..], channels.data[0]), (&[2, 3, 4][..], 24.0));
}

/// What differs in a file differs in the map, alone, in a pack, and on a pipe.
#[test]
fn maps_are_as_precise_as_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let values = [1.0, 1.0 + 1e-12, 1e300, -1.0 / 3.0];
    let save = |shape: &str| {
        let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let bytes = [
            b"\x93NUMPY\x01\x00\x76\x00".to_vec(),
            format!("{text:<117}\n").into_bytes(),
            values.iter().flat_map(|value: &f64| value.to_le_bytes()).collect(),
        ];
        let path = folder.path().join("map.npy");
        fs::write(&path, bytes.concat()).unwrap();
        path
    };
    let path = save("(2, 2)");
    assert_eq!(MapReader::new().read(&path, None).unwrap().data, values);
    assert_eq!(Stream::new(&fs::read(&path).unwrap()[..]).next().unwrap().unwrap().data, values);
    assert_eq!(MapReader::new().read(&save("(2, 1, 2)"), Some(1)).unwrap().data, values[2..]);
}

#[test]
fn a_reader_follows_the_file_it_is_asked_for() {
    let mut maps = MapReader::new();
    assert_eq!(maps.read(&file("pack"), Some(1)).unwrap().data[0], 12.0);
    assert_eq!(maps.read(&file("pack-channels"), Some(1)).unwrap().data[0], 24.0);
    assert!(maps.read(&file("no-such"), Some(1)).is_err());
    assert_eq!(maps.read(&file("map-fortran"), None).unwrap().shape, [3, 4]);
    assert_eq!(maps.read(&file("pack"), Some(0)).unwrap().data[1], 1.0);
}

#[test]
fn what_is_no_map_says_so() {
    let reason = |name: &str, index| message(npy::read_map(&file(name), index).unwrap_err());
    assert!(reason("pack", Some(2)).ends_with("map_index 2 is not in the pack of shape (2, 3, 4)"));
    assert!(
        reason("f4-little", Some(0))
            .ends_with("shape (2, 3) is not a pack: with a map_index, (n,H,W) or (n,C,H,W) is needed")
    );
    assert!(reason("empty-pack", Some(0)).ends_with("map_index 0 is not in the pack of shape (0, 3, 4)"));
    for name in ["0-d", "1-d", "empty", "empty-pack", "pack-channels"] {
        assert!(reason(name, None).contains("is not a map: (H,W) or (C,H,W) is needed"), "{name}");
    }
    assert_eq!(npy::read_map(&file("pack"), None).unwrap().shape, [2, 3, 4]);
}

#[test]
fn what_is_written_reads_back() {
    for shape in [&[][..], &[0], &[1], &[7], &[2, 3], &[0, 5], &[3, 1, 4], &[2, 2, 2, 2], &[40, 50]] {
        let data = numbers(shape.iter().product());
        let mut bytes = Vec::new();
        npy::write(&mut bytes, shape, &data).unwrap();
        let header = bytes.len() - 4 * data.len();
        assert_eq!((header % 64, bytes[header - 1]), (0, b'\n'), "{shape:?}");
        let array = npy::read(&mut &bytes[..]).unwrap();
        assert_eq!((&array.shape[..], &array.data), (shape, &data));
    }
}

#[test]
fn bits_survive() {
    let special = [f32::NAN, -f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX];
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &[6], &special).unwrap();
    let array = npy::read(&mut &bytes[..]).unwrap();
    assert!(array.data.iter().zip(&special).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn the_header_is_the_one_that_numpy_writes() {
    let array = npy::read_file(&file("pack")).unwrap();
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &array.shape, &array.data).unwrap();
    assert_eq!(bytes, fs::read(file("pack")).unwrap());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.npy");
    let mut pack = PackWriter::create(&path, &[3, 4]).unwrap();
    for map in array.data.chunks(12) {
        pack.push(map).unwrap();
    }
    pack.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_pack_appears_at_its_end_with_its_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps/gradcam/00000.npy");
    for maps in [0, 1, 10, 300] {
        let mut pack = PackWriter::create(&path, &[3, 4]).unwrap();
        for map in 0..maps {
            assert_eq!(pack.push(&numbers(12 * (map + 1))[12 * map..]).unwrap(), map);
        }
        assert_eq!(pack.finish().unwrap(), maps);
        let array = npy::read_file(&path).unwrap();
        assert_eq!((array.shape, array.data), (vec![maps, 3, 4], numbers(12 * maps)));
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn an_unfinished_pack_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.npy");
    let mut pack = PackWriter::create(&path, &[3, 4]).unwrap();
    pack.push(&numbers(12)).unwrap();
    let error = message(pack.push(&numbers(11)).unwrap_err());
    assert!(error.ends_with("11 values cannot be written with shape (3, 4)"), "{error}");
    assert!(!path.exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    drop(pack);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A parser of Python's literals takes time that doubles with each bracket within brackets.
#[test]
fn a_deep_header_is_refused_at_once() {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}3", "(".repeat(200));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    let error = npy::Header::read(&mut &bytes[..]).unwrap_err();
    assert!(message(error).contains("brackets stand within brackets"));
}

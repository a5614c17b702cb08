//! Saving tensors to a file.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Deref,
    path::Path,
};

use safetensors::{
    View,
    tensor::{Metadata, TensorInfo as Described},
};

use super::{
    error::{ModelError, ModelErrorKind},
    header::{LENGTH, LONGEST, METADATA},
};
use crate::{
    engine::Engine,
    error::{Error, ErrorKind, Operation},
    stream::{FileWriter, WriterOptions},
};

/// Where the data begins at a multiple of, so that no reader need copy its first page.
const PAGE: usize = 4096;

/// Writes tensors to a file of the format, and tells its length in bytes.
///
/// `metadata` is what the header has besides them (`__metadata__`). The tensors lie in the file one after
/// the other, those of the largest elements first and those of one type by name, as the Python package
/// does it. The header is filled up with spaces, which the format allows, so that the data begins at a
/// multiple of 4096 bytes. With [`WriterOptions::replace`] a model is the old one or the new one,
/// whatever happens meanwhile.
///
/// # Errors
///
/// [`ModelErrorKind::Duplicate`], [`ModelErrorKind::ReservedName`], [`ModelErrorKind::Layout`] for a tensor whose shape does not make
/// up its length, [`ModelErrorKind::HeaderLength`] if the header would exceed 100,000,000 bytes: before
/// the file is made. [`ModelErrorKind::TensorLength`] and [`ModelErrorKind::Io`] while it is
/// written; it is not finished then, as if its [`FileWriter`] had been dropped.
pub fn save<E, P, I, S, V>(
    engine: E,
    path: P,
    tensors: I,
    metadata: &BTreeMap<String, String>,
    options: &WriterOptions,
) -> Result<u64, ModelError>
where
    E: Deref<Target = Engine>,
    P: AsRef<Path>,
    I: IntoIterator<Item = (S, V)>,
    S: Into<String>,
    V: View,
{
    let path = path.as_ref();
    let tensors = tensors.into_iter().map(|(name, tensor)| (name.into(), tensor));
    let planned = Planned::of(tensors.collect(), metadata);
    planned.map_err(|kind| ModelError::new(path, kind))?.write(engine, path, options)
}

/// A file to be written.
pub(super) struct Planned<V> {
    header: Vec<u8>,
    /// In file order.
    pub(super) tensors: Vec<(String, V)>,
}

impl<V: View> Planned<V> {
    pub(super) fn of(
        mut tensors: Vec<(String, V)>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Self, ModelErrorKind> {
        tensors.sort_by(|(left_name, left), (right_name, right)| {
            right.dtype().cmp(&left.dtype()).then_with(|| left_name.cmp(right_name))
        });
        let header = header(&tensors, metadata)?;
        Ok(Self { header, tensors })
    }

    /// Writes the file, and tells its length.
    pub(super) fn write<E: Deref<Target = Engine>>(
        &self,
        engine: E,
        path: &Path,
        options: &WriterOptions,
    ) -> Result<u64, ModelError> {
        let lens = self.tensors.iter().map(|(_, tensor)| tensor.data_len() as u64);
        let len = lens.fold(self.header.len() as u64, u64::saturating_add);
        let options = options.clone().preallocate(len);
        let mut writer =
            FileWriter::create_with(engine, path, &options).map_err(ModelError::io(path))?;
        match write(&mut writer, &self.header, &self.tensors) {
            Ok(()) => writer.finish().map_err(ModelError::io(path)),
            Err(kind) => {
                writer.discard();
                Err(ModelError::new(path, kind))
            }
        }
    }
}

/// The length and the JSON, filled up to a page.
fn header<V: View>(
    tensors: &[(String, V)],
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, ModelErrorKind> {
    refuse_names(tensors)?;
    let mut end = 0_usize;
    let described = tensors.iter().map(|(name, tensor)| {
        let start = end;
        end = end.saturating_add(tensor.data_len());
        let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
        (name.clone(), Described { dtype, shape, data_offsets: (start, end) })
    });
    let described = described.collect();
    let other = metadata.iter().map(|(key, value)| (key.clone(), value.clone()));
    let other = (!metadata.is_empty()).then(|| other.collect());
    let described =
        Metadata::new(other, described).map_err(|error| ModelErrorKind::Layout(Box::new(error)))?;
    let mut header = vec![0; LENGTH];
    serde_json::to_writer(&mut header, &described)
        .map_err(|error| ModelErrorKind::Json(Box::new(error)))?;
    header.resize(header.len().next_multiple_of(PAGE), b' ');
    let stated = (header.len() - LENGTH) as u64;
    if stated > LONGEST {
        return Err(ModelErrorKind::HeaderLength { stated, most: LONGEST });
    }
    header[..LENGTH].copy_from_slice(&stated.to_le_bytes());
    Ok(header)
}

/// Names that no file can have, or not together.
pub(super) fn refuse_names<V>(tensors: &[(String, V)]) -> Result<(), ModelErrorKind> {
    let mut names: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.binary_search(&METADATA).is_ok() {
        return Err(ModelErrorKind::ReservedName { name: METADATA.to_owned() });
    }
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(ModelErrorKind::Duplicate { name: twice[0].to_owned() }),
        None => Ok(()),
    }
}

fn write<E: Deref<Target = Engine>, V: View>(
    writer: &mut FileWriter<E>,
    header: &[u8],
    tensors: &[(String, V)],
) -> Result<(), ModelErrorKind> {
    writer.write_all(header).map_err(|error| wrapped(error, Operation::Write))?;
    for (name, tensor) in tensors {
        let (data, stated) = (tensor.data(), tensor.data_len());
        if data.len() != stated {
            let (name, found) = (name.clone(), data.len());
            return Err(ModelErrorKind::TensorLength { name, stated, found });
        }
        writer.write_all(&data).map_err(|error| wrapped(error, Operation::Write))?;
    }
    Ok(())
}

/// The engine's error that a stream wrapped.
pub(super) fn wrapped(error: io::Error, operation: Operation) -> ModelErrorKind {
    let unknown = || Error::new(operation, ErrorKind::Io.into());
    ModelErrorKind::Io(error.downcast().unwrap_or_else(|_| unknown()))
}

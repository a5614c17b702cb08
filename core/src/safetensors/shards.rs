//! Saving a model in several files, with the index of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write,
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
};

use safetensors::View;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    error::{ModelError, ModelErrorKind},
    index::Index,
    model::{INDEX, SINGLE},
    save::{Planned, refuse_names, wrapped},
    way::{Way, waited},
};
use crate::{
    engine::Engine,
    error::{Error, Operation},
    stream::{FileWriter, WriterOptions, was_named},
    sys::file::cause_of,
};

/// Writes tensors to files of a directory, each with at most `most` bytes of them, and tells the path to
/// open: that of `model.safetensors.index.json`, which says what is where, or of `model.safetensors` if
/// all fit in one.
///
/// The tensors are distributed in the order in which they come; one that is longer than `most` has a
/// file for itself. The files are called `model-00001-of-00003.safetensors` and are as
/// [`save`](crate::safetensors::save) writes them, each with the same `metadata`.
///
/// What the directory had of an earlier model goes: `model.safetensors` or the index, and the files that
/// this names. With [`WriterOptions::replace`] the model is the old one until it is the new one as a
/// whole, after a crash or a loss of power too: the new files then have names that are not there
/// (`model.2-00001-of-00003.safetensors`), the index or `model.safetensors` comes last, and only then
/// are the old files removed. A process that is killed leaves behind files that no index names.
///
/// # Errors
///
/// As for [`save`](crate::safetensors::save); what can be wrong with a header is found out before a file
/// is made. With `replace` the model is the old one then, and files that were written are removed. But what
/// comes after the index (or `model.safetensors`) has its name leaves the new one, and the old files beside
/// it: an error of the directory ([`Operation::SyncAll`], or [`Operation::Open`] of it), when the old one may
/// come back after a loss of power, and one of removing the old files ([`Operation::Remove`]). If it is the
/// old index that cannot be removed, that is still what [`Model::open`](crate::safetensors::Model::open)
/// finds in the directory, rather than a new `model.safetensors`.
pub fn save_sharded<E, P, I, S, V>(
    engine: E,
    directory: P,
    tensors: I,
    metadata: &BTreeMap<String, String>,
    most: u64,
    options: &WriterOptions,
) -> Result<PathBuf, ModelError>
where
    E: Deref<Target = Engine>,
    P: AsRef<Path>,
    I: IntoIterator<Item = (S, V)>,
    S: Into<String>,
    V: View,
{
    let (engine, directory) = (&*engine, directory.as_ref());
    let tensors = tensors.into_iter().map(|(name, tensor)| (name.into(), tensor));
    let wrong = |kind| ModelError::new(directory, kind);
    let shards = planned(tensors.collect(), metadata, most).map_err(wrong)?;
    let old = files_of(engine, directory);
    let (path, new) = if let [single] = &shards[..] {
        let path = directory.join(SINGLE);
        single.write(engine, &path, options)?;
        (path, BTreeSet::from([SINGLE.to_owned()]))
    } else {
        let names = names(directory, shards.len(), options.replace);
        let mut written = Written { directory, names: Vec::new(), keep: !options.replace };
        for (name, shard) in names.iter().zip(&shards) {
            written.names.push(name);
            shard.write(engine, &directory.join(name), options)?;
        }
        let path = directory.join(INDEX);
        let index = IndexOf { names: &names, shards: &shards };
        write_index(engine, &path, &index, options, &mut written.keep)?;
        (path, names.iter().map(String::as_str).chain([INDEX]).map(str::to_owned).collect())
    };
    remove_old(engine, directory, old.difference(&new), options.is_durable())?;
    Ok(path)
}

/// What each file is to have.
fn planned<V: View>(
    tensors: Vec<(String, V)>,
    metadata: &BTreeMap<String, String>,
    most: u64,
) -> Result<Vec<Planned<V>>, ModelErrorKind> {
    refuse_names(&tensors)?;
    let mut shards = vec![Vec::new()];
    let mut len = 0_u64;
    for (name, tensor) in tensors {
        let of_this = tensor.data_len() as u64;
        len = len.saturating_add(of_this);
        if len > most && shards.last().is_some_and(|shard| !shard.is_empty()) {
            shards.push(Vec::new());
            len = of_this;
        }
        if let Some(shard) = shards.last_mut() {
            shard.push((name, tensor));
        }
    }
    shards.into_iter().map(|shard| Planned::of(shard, metadata)).collect()
}

/// Names of so many files; if they are to be new ones, such that none of them is there.
fn names(directory: &Path, count: usize, new: bool) -> Vec<String> {
    let named = |stem: &str| -> Vec<String> {
        (1..=count).map(|number| format!("{stem}-{number:05}-of-{count:05}.safetensors")).collect()
    };
    let is_free = |name: &String| fs::symlink_metadata(directory.join(name)).is_err();
    let mut names = named("model");
    for generation in 2_u64.. {
        if !new || names.iter().all(is_free) {
            break;
        }
        names = named(&format!("model.{generation}"));
    }
    names
}

/// The files of the model that the directory has: nothing of an index that cannot be read but itself.
fn files_of(engine: &Engine, directory: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let index = directory.join(INDEX);
    for name in [SINGLE, INDEX] {
        if directory.join(name).is_file() {
            files.insert(name.to_owned());
        }
    }
    if let Ok(file) = engine.open(&index)
        && let Ok(index) = waited(&index, Index::read(engine, &file, Way::Wait))
    {
        // Whoever made it may have named anything.
        let shards = index.files().into_iter().filter(|name| name.ends_with(".safetensors"));
        files.extend(shards.map(str::to_owned));
    }
    files
}

/// Removes files of the model that was there.
fn remove_old<'a>(
    engine: &Engine,
    directory: &Path,
    names: impl Iterator<Item = &'a String>,
    durable: bool,
) -> Result<(), ModelError> {
    let (indexes, others): (Vec<_>, Vec<_>) = names.partition(|name| *name == INDEX);
    for name in indexes {
        remove(&directory.join(name))?;
        if durable {
            // Else it could come back after a loss of power, and name files that are gone.
            let open = engine.open_directory(directory);
            let synced = open.and_then(|open| Ok(engine.fsync(&open).wait()?));
            synced.map_err(ModelError::io(directory))?;
        }
    }
    others.into_iter().try_for_each(|name| remove(&directory.join(name)))
}

/// Files that are removed again unless all of them are there.
struct Written<'a> {
    directory: &'a Path,
    names: Vec<&'a String>,
    keep: bool,
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        for name in self.names.iter().filter(|_| !self.keep) {
            // The caller is told of what went wrong first.
            let _ = remove(&self.directory.join(name));
        }
    }
}

fn remove(path: &Path) -> Result<(), ModelError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let error = Error::new(Operation::Remove, cause_of(&error));
            Err(ModelError::io(path)(error.at_path(&Arc::from(path))))
        }
        _ => Ok(()),
    }
}

/// The index in the form that other readers know.
struct IndexOf<'a, V> {
    names: &'a [String],
    shards: &'a [Planned<V>],
}

impl<V: View> Serialize for IndexOf<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.names.iter().zip(self.shards);
        let all = all.flat_map(|(file, shard)| shard.tensors.iter().map(move |of| (file, of)));
        let total: u64 = all.clone().map(|(_, (_, tensor))| tensor.data_len() as u64).sum();
        let weights: BTreeMap<&String, &String> =
            all.map(|(file, (name, _))| (name, file)).collect();
        let mut index = serializer.serialize_struct("Index", 2)?;
        index.serialize_field("metadata", &BTreeMap::from([("total_size", total)]))?;
        index.serialize_field("weight_map", &weights)?;
        index.end()
    }
}

/// Writes the index; from when on it names the new files they are to `keep`.
fn write_index<V: View>(
    engine: &Engine,
    path: &Path,
    index: &IndexOf<'_, V>,
    options: &WriterOptions,
    keep: &mut bool,
) -> Result<(), ModelError> {
    let mut writer =
        FileWriter::create_with(engine, path, options).map_err(ModelError::io(path))?;
    let written = serde_json::to_writer_pretty(&mut writer, index).map_err(io::Error::from);
    match written.and_then(|()| writer.write_all(b"\n")) {
        Ok(()) => {
            let finished = writer.finish();
            *keep |= finished.as_ref().map_or_else(was_named, |_| true);
            finished.map(drop).map_err(ModelError::io(path))
        }
        Err(error) => {
            writer.discard();
            Err(ModelError::new(path, wrapped(error, Operation::Write)))
        }
    }
}

//! Reading and checking the header of a file: eight bytes of length, as many of JSON, and then the data,
//! which the tensors cover without gaps.

use std::{collections::BTreeMap, fmt, path::Path};

use safetensors::tensor::{Metadata, TensorInfo as Described};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{
    error::{ModelError, ModelErrorKind},
    tensor::TensorInfo,
    way::Way,
};
use crate::engine::{AioFile, Engine};

/// Bytes that say how long the header is.
pub(super) const LENGTH: usize = 8;

/// As long as a header may be, for every reader of the format.
pub(super) const LONGEST: u64 = 100_000_000;

/// The name under which the header has what is no tensor.
pub(super) const METADATA: &str = "__metadata__";

/// What is read first: the whole header of most models.
const FIRST: u64 = 64 << 10;

/// What a file's header says.
pub(super) struct Header {
    /// In file order.
    pub(super) tensors: Vec<TensorInfo>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads the header of `file`, the model's `shard`. No more memory is asked for than the file is long, but
/// for what its parsed form takes.
pub(super) async fn read(
    engine: &Engine,
    file: &AioFile,
    shard: usize,
    way: Way,
) -> Result<Header, ModelError> {
    let path = file.path();
    let wrong = |kind| Err(ModelError::new(path, kind));
    let read = async |len| way.beginning(engine, file, len).await.map_err(ModelError::io(path));
    let len = file.len().map_err(ModelError::io(path))?;
    let mut bytes = read(len.min(FIRST)).await?;
    let Some(stated) = bytes.first_chunk().map(|stated| u64::from_le_bytes(*stated)) else {
        return wrong(ModelErrorKind::TooShort { len });
    };
    let most = (len - LENGTH as u64).min(LONGEST);
    if stated > most {
        return wrong(ModelErrorKind::HeaderLength { stated, most });
    }
    let data_start = LENGTH as u64 + stated;
    if data_start > bytes.len() as u64 {
        bytes = read(data_start).await?;
    }
    let json = &bytes[LENGTH..][..stated as usize];
    let Parsed { metadata, mut tensors } = match serde_json::from_slice(json) {
        Ok(parsed) => parsed,
        Err(error) => return wrong(ModelErrorKind::Json(Box::new(error))),
    };
    drop(bytes);
    tensors.sort_by(|(left, _), (right, _)| left.cmp(right));
    if let Some(twice) = tensors.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return wrong(ModelErrorKind::Duplicate { name: twice[0].0.clone() });
    }
    tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);
    let checked = match Metadata::new(None, tensors) {
        Ok(checked) => checked,
        Err(error) => return wrong(ModelErrorKind::Layout(Box::new(error))),
    };
    let stated = data_start.saturating_add(checked.data_len() as u64);
    if stated != len {
        return wrong(ModelErrorKind::DataLength { stated, found: len });
    }
    let info = |name: String| {
        let Described { dtype, shape, data_offsets: (start, end) } = checked.info(&name)?.clone();
        let (offset, len) = (data_start + start as u64, end - start);
        Some(TensorInfo { name, dtype, shape, shard, offset, len })
    };
    let tensors = checked.offset_keys().into_iter().filter_map(info).collect();
    Ok(Header { tensors, metadata })
}

/// The header's JSON. The crate `safetensors` could read it too, but keeps all of it in a form of many
/// times its size meanwhile, and does not notice names that come twice.
struct Parsed {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(String, Described)>,
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Parsed, A::Error> {
        let mut parsed = Parsed { metadata: BTreeMap::new(), tensors: Vec::new() };
        while let Some(name) = entries.next_key::<String>()? {
            if name == METADATA {
                let metadata: Option<BTreeMap<_, _>> = entries.next_value()?;
                parsed.metadata.extend(metadata.into_iter().flatten());
            } else {
                parsed.tensors.push((name, entries.next_value()?));
            }
        }
        Ok(parsed)
    }
}

/// The path of a file beside `index`.
pub(super) fn beside(index: &Path, name: &str) -> std::path::PathBuf {
    index.with_file_name(name)
}

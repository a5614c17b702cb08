//! The index of a model in several files: which tensor is in which of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Component, Path},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{
    error::{ModelError, ModelErrorKind},
    header::LONGEST,
    way::Way,
};
use crate::engine::{AioFile, Engine};

/// The tensors' names, each with its file's.
pub(super) struct Index {
    pub(super) weights: BTreeMap<String, String>,
}

impl Index {
    pub(super) async fn read(
        engine: &Engine,
        file: &AioFile,
        way: Way,
    ) -> Result<Self, ModelError> {
        let path = file.path();
        let len = file.len().map_err(ModelError::io(path))?;
        let wrong = |error| ModelError::new(path, ModelErrorKind::Index(error));
        if len > LONGEST {
            return Err(wrong(format!("it has {len} bytes and could have {LONGEST}").into()));
        }
        let bytes = way.beginning(engine, file, len).await.map_err(ModelError::io(path))?;
        let index: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(Box::new(error)))?;
        if let Some(name) = index.weights.values().find(|name| !is_file_name(name)) {
            let kind = ModelErrorKind::ShardName { name: name.clone() };
            return Err(ModelError::new(path, kind));
        }
        Ok(index)
    }

    /// The files' names, in their order.
    pub(super) fn files(&self) -> BTreeSet<&str> {
        self.weights.values().map(String::as_str).collect()
    }
}

/// Whether it names a file of the same directory, and nothing that an index of somebody else's could lead
/// elsewhere with.
fn is_file_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name)
}

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Index;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a `weight_map`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Index, A::Error> {
        let mut weights = None;
        while let Some(key) = entries.next_key::<String>()? {
            if key == "weight_map" {
                weights = Some(entries.next_value()?);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        let weights = weights.ok_or_else(|| A::Error::missing_field("weight_map"))?;
        Ok(Index { weights })
    }
}

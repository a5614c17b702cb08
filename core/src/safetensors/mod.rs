//! Models in files of the format [safetensors](https://github.com/huggingface/safetensors), read and
//! written through an [`Engine`](crate::Engine), with the feature of that name.
//!
//! [`Model::open`] reads and checks the header (of each file, where an `index.json` names several);
//! nothing else is read until it is asked for. [`Model::load`] has all tensors read at once, each into a
//! buffer whose address suits its place in the file, so that only edge pages are copied.
//! [`Model::loader`] takes some of them, reports progress, or hands them on piece by piece in little
//! memory, and loads in tasks. [`save`] writes a file whose data begins at a page, [`save_sharded`] several
//! of a length to choose, with their index.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use ds_aio::{
//!     Engine, EngineSettings, WriterOptions,
//!     safetensors::{Dtype, Model, TensorView, save},
//! };
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("model.safetensors");
//! let engine = Engine::new(&EngineSettings::default())?;
//! let weights: Vec<u8> = (0..6).flat_map(|number| (number as f32).to_le_bytes()).collect();
//! let tensor = TensorView::new(Dtype::F32, vec![2, 3], &weights)?;
//! let options = WriterOptions::new().replace();
//! save(&engine, &path, [("layers.0.weight", tensor)], &BTreeMap::new(), &options)?;
//!
//! let model = Model::open(&engine, &path)?;
//! let first = model.loader().filter(|tensor| tensor.name().starts_with("layers.0.")).load()?;
//! assert_eq!(first["layers.0.weight"].shape(), [2, 3]);
//! assert_eq!(first["layers.0.weight"].data(), weights);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod header;
mod index;
mod loader;
mod model;
mod save;
mod shards;
mod tensor;
#[cfg(all(test, not(loom)))]
mod tests;
mod way;

/// Of the crate `safetensors`, which knows the format: the types of elements, and what can be saved.
pub use ::safetensors::{Dtype, View, tensor::TensorView};
pub use error::{ModelError, ModelErrorKind};
pub use loader::{Loader, Piece};
pub use model::Model;
pub use save::save;
pub use shards::save_sharded;
pub use tensor::{Tensor, TensorInfo};

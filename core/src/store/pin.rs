//! Pins: tensors that make room for no other.

use std::{fmt, sync::Arc};

use crate::{store::inner::Inner, sync::lock};

/// Keeps the tensor of a name from being evicted until it is dropped; see
/// [`OffloadStore::pin`](crate::OffloadStore::pin).
#[must_use = "the tensor may be evicted as soon as it is dropped"]
pub struct Pin {
    inner: Arc<Inner>,
    name: Arc<str>,
}

impl Pin {
    pub(super) fn new(inner: &Arc<Inner>, name: &str) -> Self {
        let name = Arc::from(name);
        if let Ok(mut state) = inner.readable() {
            state.tensors.pin(&name);
        }
        Self { inner: Arc::clone(inner), name }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        if !self.inner.process.is_child() {
            lock(&self.inner.state).tensors.unpin(&self.name);
        }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").field("name", &self.name()).finish_non_exhaustive()
    }
}

//! The end of a store: what is kept, what is removed, and that the directories are let go.

use std::{
    fs,
    sync::{Arc, PoisonError},
};

use crate::{
    store::{
        Mode, StoreError, StoreErrorKind,
        commit::write_index,
        files::{INDEX, NEW_INDEX},
        inner::Inner,
        label,
        lives::may_wait,
        space::Space,
    },
    sync::lock,
};

impl Inner {
    /// Ends the store once all requests have ended.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        if self.process.is_child() {
            return Err(self.error(StoreErrorKind::Forked));
        }
        may_wait(&self.engines).map_err(|kind| self.error(kind))?;
        lock(&self.state).is_closed = true;
        self.flights.wait_for_none();
        let ended = self.end();
        self.report_failures()?;
        ended
    }

    /// Ends a store that has no requests under way; the first time it is called.
    fn end(&self) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        state.is_closed = true;
        if std::mem::replace(&mut state.has_ended, true) {
            return Ok(());
        }
        let tensors = std::mem::take(&mut state.tensors);
        let (generation, is_poisoned) = (state.generation, state.poison.is_some());
        drop(state);
        self.helpers.close();
        let ended = match self.options.mode {
            // Either of two indexes may be the one on the device: the next store sees.
            Mode::Durable if is_poisoned => Ok(()),
            Mode::Durable => {
                drop(tensors);
                self.remove_files_that(Space::empty);
                Ok(())
            }
            Mode::Ephemeral if self.options.keep => {
                let records: Vec<_> =
                    tensors.versions().filter_map(|version| version.record()).collect();
                drop(tensors);
                self.remove_files_that(Space::empty);
                let labelled = label::write(self);
                let written = labelled.and_then(|()| write_index(self, 0, generation, &records));
                let (new, index) = (self.directory.join(NEW_INDEX), self.directory.join(INDEX));
                written.and_then(|()| {
                    let renamed = self.names.rename(&new, &index);
                    renamed.map_err(|error| self.system_error(&index, error))
                })
            }
            Mode::Ephemeral => {
                drop(tensors);
                self.remove_files_that(|space| space.files().map(|file| file.number).collect());
                Ok(())
            }
        };
        self.handles.forget_all();
        self.let_go(ended)
    }

    fn let_go(&self, ended: Result<(), StoreError>) -> Result<(), StoreError> {
        let stays = self.options.mode == Mode::Durable || self.options.keep;
        let mut ended = ended;
        for directory in &self.directories {
            if let Some(owner) = lock(&directory.owner).take()
                && !stays
            {
                let removed = owner.remove();
                ended = ended.and(removed.map_err(|e| self.system_error(&directory.path, e)));
            }
        }
        if !stays {
            // Others may have put something there.
            for directory in self.made.iter().rev() {
                let _ = fs::remove_dir(directory);
            }
        }
        ended
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.process.is_child() {
            // The locks are the parent's, and unlocking them here would be unlocking them there.
            for directory in &mut self.directories {
                let owner = directory.owner.get_mut().unwrap_or_else(PoisonError::into_inner);
                std::mem::forget(owner.take());
            }
            // Their ends would give space and memory back, which takes locks.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::take(&mut state.tensors));
            let committed = self.committed.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::take(committed));
            std::mem::forget(Arc::clone(&self.memory));
            return;
        }
        // Nobody is there to be told.
        let _ = self.end();
    }
}

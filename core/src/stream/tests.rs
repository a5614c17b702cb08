//! What a loss of power makes of files that are replaced: whatever the moment, the old one or the new one
//! as a whole.

mod faults;

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
    path::Path,
};

use tempfile::TempDir;

use crate::{
    config::{DirectMode, EngineSettings},
    engine::Engine,
    stream::{FileWriter, WriterOptions},
    sys::{
        choice::Because,
        sim::{Allowed, Journal, Step, Watcher, replay},
    },
};

/// What a disk has: directories, and files with their contents.
pub(crate) type Found<'a> = BTreeMap<&'a Path, Option<&'a [u8]>>;

/// A directory in which something is replaced again and again, and what that something was.
pub(crate) struct Life<S> {
    journal: Journal<Step>,
    pub(crate) engine: Engine,
    root: TempDir,
    states: Vec<S>,
}

impl<S: PartialEq> Life<S> {
    /// An empty directory, which is the state `nothing`.
    pub(crate) fn new(nothing: S) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut watcher = Watcher::new(root.path());
        let journal = Journal::looking(move || watcher.look());
        let settings = EngineSettings {
            block_size: 4096,
            direct: DirectMode::Never,
            ..EngineSettings::default()
        };
        let engine = Engine::with_backend(settings, journal.backend(), Because::Asked).unwrap();
        Self { journal, engine, root, states: vec![nothing] }
    }

    /// Goes on to the state that `replace` makes in the directory, and promises.
    pub(crate) fn goes_on(&mut self, replace: impl FnOnce(&Engine, &Path) -> S) {
        let number = self.states.len();
        self.journal.note(Step::Begins(number));
        self.states.push(replace(&self.engine, self.root.path()));
        self.journal.note(Step::Promised(number));
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        Watcher::new(self.root.path()).named(self.journal.steps())
    }

    /// Whether there is the state that was promised last, or the one that was begun, on a disk in every
    /// state that `steps` may leave, from number `from` on; `state_of` finds it.
    fn holds(
        &self,
        steps: &[Step],
        from: usize,
        seen: &mut HashSet<u64>,
        state_of: &dyn Fn(&Found<'_>) -> Option<S>,
    ) -> bool {
        replay(steps, from, self.root.path(), 300, seen, |found, allowed| {
            let Allowed { promised, begun } = allowed;
            let state = state_of(found);
            [promised, begun].iter().any(|&number| state.as_ref() == Some(&self.states[number]))
        })
    }

    /// The syncs without which all would hold as well; it has to hold with all of them.
    #[track_caller]
    pub(crate) fn needless(&self, state_of: &dyn Fn(&Found<'_>) -> Option<S>) -> Vec<Step> {
        let (steps, mut seen) = (self.steps(), HashSet::new());
        assert!(self.holds(&steps, 0, &mut seen, state_of), "{steps:?}");
        assert!(seen.len() > 30, "{} states", seen.len());
        let syncs = steps.iter().enumerate().filter(|(_, step)| step.is_sync());
        let needless = syncs.filter(|&(at, _)| {
            let mut without = steps.clone();
            without.remove(at);
            self.holds(&without, at, &mut seen.clone(), state_of)
        });
        needless.map(|(_, step)| step.clone()).collect()
    }
}

#[test]
fn a_loss_of_power_leaves_the_old_or_the_new_file_and_every_sync_is_needed_for_it() {
    let mut life = Life::new(None);
    // Two buffers of a page, and space that is given back.
    let options = WriterOptions::new().replace().memory(8192).preallocate(20_000);
    for (seed, len) in [(1, 9000), (2, 4096), (3, 13_000)] {
        life.goes_on(|engine, root| {
            let bytes: Vec<u8> = (0..len).map(|at| (at * (seed + 7) % 251) as u8).collect();
            let path = root.join("checkpoint");
            let mut writer = FileWriter::create_with(engine, path, &options).unwrap();
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap();
            Some(bytes)
        });
    }
    let needless = life.needless(&|found| {
        let is_temporary = |path: &Path| path.to_str().is_some_and(|name| name.ends_with(".tmp"));
        let others = found.keys().filter(|path| **path != Path::new("checkpoint"));
        let file = found.get(Path::new("checkpoint")).copied().flatten();
        others.copied().all(is_temporary).then(|| file.map(<[u8]>::to_vec))
    });
    assert!(needless.is_empty(), "left out, and nothing was lost: {needless:?}");
}

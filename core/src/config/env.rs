//! The environment as a source that can be replaced, so that no test ever changes the real one.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

/// Where environment variables come from.
///
/// [`ProcessEnv`] is the real environment; maps and lists of pairs serve tests and programs that
/// got their variables elsewhere. In a list the last pair of a name wins, as with `env A=1 A=2`.
pub trait EnvSource {
    /// The value of the variable `name`.
    fn var(&self, name: &str) -> Option<OsString>;

    /// The names of all variables.
    fn names(&self) -> Vec<OsString>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl EnvSource for ProcessEnv {
    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn names(&self) -> Vec<OsString> {
        std::env::vars_os().map(|(name, _)| name).collect()
    }
}

impl<K: AsRef<OsStr>, V: AsRef<OsStr>> EnvSource for [(K, V)] {
    fn var(&self, name: &str) -> Option<OsString> {
        let (_, value) = self.iter().rev().find(|(key, _)| key.as_ref() == OsStr::new(name))?;
        Some(value.as_ref().to_owned())
    }

    fn names(&self) -> Vec<OsString> {
        self.iter().map(|(key, _)| key.as_ref().to_owned()).collect()
    }
}

impl<K: AsRef<OsStr>, V: AsRef<OsStr>, const N: usize> EnvSource for [(K, V); N] {
    fn var(&self, name: &str) -> Option<OsString> {
        self.as_slice().var(name)
    }

    fn names(&self) -> Vec<OsString> {
        self.as_slice().names()
    }
}

impl<K: AsRef<OsStr>, V: AsRef<OsStr>> EnvSource for Vec<(K, V)> {
    fn var(&self, name: &str) -> Option<OsString> {
        self.as_slice().var(name)
    }

    fn names(&self) -> Vec<OsString> {
        self.as_slice().names()
    }
}

macro_rules! map {
    ($($map:ty;)*) => {$(
        impl<K: AsRef<OsStr>, V: AsRef<OsStr>> EnvSource for $map {
            fn var(&self, name: &str) -> Option<OsString> {
                let (_, value) = self.iter().find(|(key, _)| key.as_ref() == OsStr::new(name))?;
                Some(value.as_ref().to_owned())
            }

            fn names(&self) -> Vec<OsString> {
                self.keys().map(|key| key.as_ref().to_owned()).collect()
            }
        }
    )*};
}

map! {
    BTreeMap<K, V>;
    HashMap<K, V>;
}

impl<S: EnvSource + ?Sized> EnvSource for &S {
    fn var(&self, name: &str) -> Option<OsString> {
        (**self).var(name)
    }

    fn names(&self) -> Vec<OsString> {
        (**self).names()
    }
}

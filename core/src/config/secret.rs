//! Values that are never shown.

use core::fmt;

use super::FieldMeta;
use super::describe::{ConstScalar, DefaultAt, Field};
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::Scalar;
use super::value::{ConfigValue, Kind, sealed};

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "(secret)";

/// A value that shows nowhere: a token, a password.
///
/// As the type of a `Config` field (also in an `Option` or a `Vec`) it is read like the `T` inside, and
/// kept out of all that the loader says: diagnostics have neither the value nor the line of the file
/// it stands in, [`Loaded::explain`](crate::Loaded::explain) and `Debug` show `(secret)`. It has no
/// default, which would be in the program for everybody to read, and no rules but `check`, whose
/// error is shown as it is.
///
/// It is left out of what is written back too, so that who loads that sets it otherwise. There is no
/// `Display`, so that nothing sends `(secret)` where the value was meant, and no parser reads one.
///
/// In a file with a secret in it, syntax errors and unknown keys are reported by line and column
/// alone. A loader of another struct, which does not know of the secret, quotes lines as ever: do not
/// keep both in one line.
///
/// Comparing takes a time that depends on the values, and dropping does not erase the memory.
///
/// ```
/// use ds_aio::{Config, Secret};
///
/// #[derive(Config, Debug)]
/// #[config(section = "store", env_prefix = "STORE")]
/// struct Store {
///     #[config(required)]
///     token: Secret<String>,
/// }
///
/// let store = Store::loader().env_from(&[("STORE_TOKEN", "hunter2")]).load()?;
/// assert_eq!(store.value.token.expose(), "hunter2");
/// assert_eq!(format!("{:?}", store.value), "Store { token: (secret) }");
/// assert!(!store.explain().contains("hunter2"));
/// # Ok::<(), ds_aio::ConfigErrors>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Keeps `value` from being shown.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, no longer a secret.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(REDACTED)
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// For [`Loader::set`](crate::Loader::set); a `RawValue` of its own is shown by `Debug`.
impl<T: Into<RawValue>> From<Secret<T>> for RawValue {
    fn from(secret: Secret<T>) -> Self {
        secret.0.into()
    }
}

impl<T: ConfigValue> sealed::Sealed for Secret<T> {}

impl<T: ConfigValue> ConfigValue for Secret<T> {
    type Field = Field<Self>;
    type Constant = T::Constant;
    const KIND: Kind = T::KIND;
    const READS_AUTO: bool = T::READS_AUTO;
    const SECRET: bool = true;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        T::from_scalar(scalar).map(Self)
    }
    fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self, Rejection> {
        T::read(raw, field).map(Self)
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        None
    }
    fn show(&self) -> String {
        REDACTED.to_owned()
    }
}

/// A secret in an `Option` has the default `None`, and no other.
impl<T: ConfigValue, S: DefaultAt<Self, INDEX>, const INDEX: usize> ConstScalar<S, INDEX>
    for Secret<T>
{
    const SCALAR: Option<Scalar<'static>> = None;
}

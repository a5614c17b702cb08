//! ds-aio

//! In the place of the ring backend where there is none.

use crate::{
    engine::settings::Difference,
    error::RingUnavailable,
    sys::{Backend, Lane, LaneId, Shape},
};

/// There are none.
pub(crate) enum Rings {}

impl Rings {
    pub(crate) fn new(_thread_count: usize, _queue_depth: usize) -> Result<Self, RingUnavailable> {
        Err(RingUnavailable::NotBuilt)
    }
}

impl Backend for Rings {
    fn name(&self) -> &'static str {
        match *self {}
    }

    fn shape(&self) -> Shape {
        match *self {}
    }

    fn differences(&self) -> Vec<Difference> {
        match *self {}
    }

    fn lane(&self, _id: LaneId) -> Box<dyn Lane> {
        match *self {}
    }

    fn wake(&self, _lanes: &[LaneId]) {
        match *self {}
    }
}

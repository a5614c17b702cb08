//! What a seed makes of an engine, a file and the requests on it. Nothing here depends on what the
//! engine does with them.

use std::ops::Range;

use super::generate;
use crate::{
    config::EngineSettings,
    engine::plan::Alignment,
    sys::{
        Direction, Shape,
        sim::{Faults, Order, Random},
    },
};

/// The file is at most about this long.
pub(super) const FILE: usize = 32 << 10;
/// Ways to open it; requests through different ones may read the same bytes at once.
pub(super) const FILES: usize = 3;

pub(super) struct Scenario {
    pub(super) settings: EngineSettings,
    pub(super) shape: Shape,
    pub(super) alignment: Option<Alignment>,
    pub(super) order: Order,
    pub(super) faults: Faults,
    pub(super) contents: Vec<u8>,
    pub(super) rounds: Vec<Round>,
    /// Whether the engine is ended with requests of the last round under way.
    pub(super) abrupt: bool,
    pub(super) ending: Ending,
}

/// Actions on regions that no two requests in flight change or read against each other.
pub(super) struct Round {
    /// Nothing completes while the round's requests are made.
    pub(super) held: bool,
    pub(super) actions: Vec<Action>,
    /// Whether each file is synced at the end.
    pub(super) synced: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Ask(Ask),
    /// Waits for what was asked of the file.
    Sync(usize),
    /// Requests on borrowed memory, made and waited for.
    Scope(Vec<Ask>),
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) direction: Direction,
    pub(super) file: usize,
    pub(super) range: Range<usize>,
    /// The memory of each buffer, and how long it is.
    pub(super) buffers: Vec<(usize, Memory)>,
    /// Whether it is a vectored request.
    pub(super) several: bool,
    /// Whether the file is to end where the request does.
    pub(super) whole: bool,
    pub(super) background: bool,
    pub(super) way: Way,
    pub(super) fate: Fate,
    pub(super) cancel: Option<Cancel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// So many bytes after a multiple of 4096.
    Skewed(usize),
    Vec,
    /// Of the engine's pool.
    Pool,
    /// Of the engine's pool, and shows what was read.
    ForRead,
}

/// How a request is made where there may be no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Waiting,
    Try,
    Async,
    /// Not awaited if there is no room at once.
    AsyncDropped,
}

/// What becomes of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Wait,
    /// On a thread of its own.
    WaitElsewhere,
    WaitTimeout,
    /// Together with all the others of this fate.
    WaitAll,
    /// As above, whichever ends first.
    WaitAny,
    Await,
    /// Asked until it is done.
    Watch,
    Callback(Then),
    DropAtOnce,
    DropLater,
    Forget,
    /// Kept until the engine has ended.
    Keep,
}

/// What a callback does besides telling the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// Makes another request.
    Ask,
    Panic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    AtOnce,
    /// When some transfer is in flight.
    UnderWay,
    BeforeItsWait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close,
    Drop,
    DropElsewhere,
    /// Without waiting for what is in flight, if the last round is held.
    Shutdown,
}

impl Scenario {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::of(&[seed, 0]);
        let groups = random.pick(&[1, 1, 2, 3]);
        let depth = random.pick(&[1, 2, 3, 4]);
        let shape = match random.below(4) {
            0 | 1 => Shape::of_threads(groups, depth),
            2 => Shape::of_rings(groups, depth, 0),
            _ => Shape::of_rings(groups, depth, 1 + random.below(depth)),
        };
        let settings = EngineSettings {
            block_size: random.pick(&[512, 512, 1024, 1536, 2048, 4096, 8192]),
            queue_depth: depth,
            thread_count: groups,
            single_submit: random.one_in(2),
            overlap_events: random.one_in(2),
            queue_capacity: random.pick(&[1, 2, 3, 5, 8, 1000, 1000, 1000]),
            // The last one puts each block off for some microseconds.
            background_rate: random.pick(&[0, 0, 1 << 40, 256 << 20]),
            ..EngineSettings::default()
        };
        let alignment = (!random.one_in(4)).then(|| {
            let (units, pages) = ([512, 512, 1024, 4096], [512, 1024, 4096]);
            Alignment {
                memory: random.pick(&[4, 512, 512, 4096]),
                read: random.pick(&units),
                write: random.pick(&units),
                page: random.pick(&pages),
            }
        });
        let order = if random.one_in(2) { Order::AsTheyCome } else { Order::Seeded };
        let contents = random.below(FILE);
        let contents = random.bytes(contents);
        let faults = generate::faults(&mut random);
        let rounds = (0..1 + random.below(3)).map(|_| generate::round(&mut random)).collect();
        let ending = random.pick(&[
            Ending::Close,
            Ending::Close,
            Ending::Drop,
            Ending::DropElsewhere,
            Ending::Shutdown,
        ]);
        let abrupt = random.one_in(2);
        Self { settings, shape, alignment, order, faults, contents, rounds, abrupt, ending }
    }
}

//! What a seed makes of an engine, a file and the requests on it. Nothing here depends on what the
//! engine does with them.

use std::ops::Range;

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
    Transfer(Transfer),
    /// Waits for what was asked of the file.
    Sync(usize),
}

/// A read or a write.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) direction: Direction,
    pub(super) file: usize,
    pub(super) range: Range<usize>,
    pub(super) memory: Memory,
    pub(super) fate: Fate,
    pub(super) cancel: Option<Cancel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// So many bytes after a multiple of 4096.
    Skewed(usize),
    Vec,
    Aio,
}

/// What becomes of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Wait,
    /// On a thread of its own.
    WaitElsewhere,
    WaitTimeout,
    Await,
    /// Asked until it is done.
    Watch,
    DropAtOnce,
    DropLater,
    Forget,
    /// Kept until the engine has ended.
    Keep,
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
}

impl Scenario {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::of(&[seed, 0]);
        let groups = random.pick(&[1, 1, 2, 3]);
        let depth = random.pick(&[1, 2, 3, 4]);
        let shape = if random.one_in(2) {
            Shape { groups, lanes_per_group: depth, lane_depth: 1 }
        } else {
            Shape { groups, lanes_per_group: 1, lane_depth: depth }
        };
        let settings = EngineSettings {
            block_size: random.pick(&[512, 512, 1024, 1536, 2048, 4096, 8192]),
            queue_depth: depth,
            thread_count: groups,
            single_submit: random.one_in(2),
            overlap_events: random.one_in(2),
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
        let faults = faults(&mut random);
        let rounds = (0..1 + random.below(3)).map(|_| round(&mut random)).collect();
        let ending =
            random.pick(&[Ending::Close, Ending::Close, Ending::Drop, Ending::DropElsewhere]);
        let abrupt = random.one_in(2);
        Self { settings, shape, alignment, order, faults, contents, rounds, abrupt, ending }
    }
}

fn faults(random: &mut Random) -> Faults {
    let mut often = |choices| random.pick::<usize>(choices);
    Faults {
        short: often(&[0, 0, 200, 500]),
        interrupted: often(&[0, 0, 100, 400]),
        refused_direct: often(&[0, 0, 100, 1000]),
        failed: often(&[0, 0, 20, 150]),
        panics: often(&[0, 0, 0, 0, 0, 0, 10, 50]),
    }
}

fn round(random: &mut Random) -> Round {
    let held = random.one_in(2);
    let mut taken: Vec<Transfer> = Vec::new();
    let mut actions = Vec::new();
    for _ in 0..1 + random.below(12) {
        let transfer = transfer(random);
        if taken.iter().all(|other| may_be_together(&transfer, other)) {
            taken.push(transfer.clone());
            actions.push(Action::Transfer(transfer));
        }
        // With nothing completing it would never return.
        if !held && random.one_in(8) {
            actions.push(Action::Sync(random.below(FILES)));
        }
    }
    Round { held, actions, synced: random.one_in(2) }
}

fn transfer(random: &mut Random) -> Transfer {
    let largest = random.pick(&[600, 5000, 5000, 16 << 10]);
    let mut len = if random.one_in(12) { 0 } else { 1 + random.below(largest) };
    let mut start = random.below(FILE);
    if random.one_in(2) {
        (start, len) = (start / 512 * 512, len.next_multiple_of(512));
    }
    let skew = random.pick(&[0, 0, 0, 512, 1024, 4, 1, 2048 + 512, 4095]);
    let mut memory =
        random.pick(&[Memory::Skewed(skew), Memory::Skewed(skew), Memory::Vec, Memory::Aio]);
    let fate = random.pick(&[
        Fate::Wait,
        Fate::WaitElsewhere,
        Fate::WaitTimeout,
        Fate::Await,
        Fate::Watch,
        Fate::DropAtOnce,
        Fate::DropLater,
        Fate::Forget,
        Fate::Keep,
    ]);
    if fate == Fate::Forget {
        // Of which nothing leaks.
        memory = Memory::Skewed(skew);
    }
    let cancel = random.one_in(5).then(|| {
        random.pick(&[Cancel::AtOnce, Cancel::UnderWay, Cancel::UnderWay, Cancel::BeforeItsWait])
    });
    Transfer {
        direction: random.pick(&[Direction::Read, Direction::Write]),
        file: random.below(FILES),
        range: start..start + len,
        memory,
        fate,
        cancel,
    }
}

/// Whether both may be in flight at once: no byte is written by one and touched by the other, and
/// the backend can tell whose a transfer is.
fn may_be_together(one: &Transfer, other: &Transfer) -> bool {
    let apart = one.range.end <= other.range.start || other.range.end <= one.range.start;
    let tellable = one.file != other.file || one.direction != other.direction;
    if one.range.is_empty() || other.range.is_empty() {
        let both = one.range.is_empty() && other.range.is_empty();
        return tellable || !both || one.range.start != other.range.start;
    }
    apart || tellable && one.direction == Direction::Read && other.direction == Direction::Read
}

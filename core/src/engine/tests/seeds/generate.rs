//! Rounds of requests by chance.

use super::scenario::{Action, Ask, Cancel, FILE, FILES, Fate, Memory, Round, Then, Way};
use crate::sys::{
    Direction,
    sim::{Faults, Random},
};

pub(super) fn faults(random: &mut Random) -> Faults {
    let mut often = |choices| random.pick::<usize>(choices);
    Faults {
        short: often(&[0, 0, 200, 500]),
        interrupted: often(&[0, 0, 100, 400]),
        refused_direct: often(&[0, 0, 100, 1000]),
        failed: often(&[0, 0, 20, 150]),
        panics: often(&[0, 0, 0, 0, 0, 0, 10, 50]),
    }
}

pub(super) fn round(random: &mut Random) -> Round {
    let held = random.one_in(2);
    let mut taken: Vec<Ask> = Vec::new();
    let mut actions = Vec::new();
    if random.one_in(10) {
        let whole = whole(random);
        taken.push(whole.clone());
        actions.push(Action::Ask(whole));
    }
    for _ in 0..1 + random.below(12) {
        let ask = if random.one_in(5) { without_bytes(random) } else { transfer(random) };
        if taken.iter().all(|other| may_be_together(&ask, other)) {
            taken.push(ask.clone());
            actions.push(Action::Ask(ask));
        }
        // With nothing completing they would never return.
        if !held && random.one_in(8) {
            actions.push(Action::Sync(random.below(FILES)));
        }
        if !held && random.one_in(12) {
            actions.push(Action::Scope(scope(random, &mut taken)));
        }
    }
    Round { held, actions, synced: random.one_in(2) }
}

fn fate(random: &mut Random) -> Fate {
    random.pick(&[
        Fate::Wait,
        Fate::WaitElsewhere,
        Fate::WaitTimeout,
        Fate::WaitAll,
        Fate::WaitAny,
        Fate::Await,
        Fate::Watch,
        Fate::Callback(Then::Nothing),
        Fate::Callback(Then::Ask),
        Fate::Callback(Then::Panic),
        Fate::DropAtOnce,
        Fate::DropLater,
        Fate::Forget,
        Fate::Keep,
    ])
}

fn cancel(random: &mut Random) -> Option<Cancel> {
    random.one_in(5).then(|| {
        random.pick(&[Cancel::AtOnce, Cancel::UnderWay, Cancel::UnderWay, Cancel::BeforeItsWait])
    })
}

fn way(random: &mut Random) -> Way {
    random.pick(&[Way::Waiting, Way::Waiting, Way::Try, Way::Async, Way::AsyncDropped])
}

fn transfer(random: &mut Random) -> Ask {
    let largest = random.pick(&[600, 5000, 5000, 16 << 10]);
    let mut len = if random.one_in(12) { 0 } else { 1 + random.below(largest) };
    let mut start = random.below(FILE);
    let aligned = random.one_in(2);
    if aligned {
        (start, len) = (start / 512 * 512, len.next_multiple_of(512));
    }
    let direction = random.pick(&[Direction::Read, Direction::Write]);
    let several = random.one_in(3);
    let fate = fate(random);
    let lens = if several { cut(random, len, aligned) } else { vec![len] };
    let memories = lens.iter().map(|_| memory(random, direction, fate)).collect::<Vec<_>>();
    Ask {
        direction,
        file: random.below(FILES),
        range: start..start + len,
        buffers: lens.into_iter().zip(memories).collect(),
        several,
        whole: false,
        background: random.one_in(4),
        way: way(random),
        fate,
        cancel: cancel(random),
    }
}

/// Lengths of buffers that have so many bytes together; some are empty, and there may be none.
fn cut(random: &mut Random, len: usize, aligned: bool) -> Vec<usize> {
    let unit = if aligned && !random.one_in(4) { random.pick(&[512, 1024]) } else { 1 };
    let mut left = len;
    let mut lens = Vec::new();
    while left > 0 && lens.len() < 7 {
        let now = (random.below(left / unit + 2) * unit).min(left);
        lens.push(now);
        left -= now;
    }
    if left > 0 {
        lens.push(left);
    }
    if random.one_in(3) {
        lens.push(0);
    }
    lens
}

fn memory(random: &mut Random, direction: Direction, fate: Fate) -> Memory {
    let skew = random.pick(&[0, 0, 0, 512, 1024, 4, 1, 2048 + 512, 4095]);
    let skewed = Memory::Skewed(skew);
    let memory = random.pick(&[skewed, skewed, skewed, Memory::Vec, Memory::Pool, Memory::ForRead]);
    match memory {
        // Of which nothing leaks.
        _ if fate == Fate::Forget => skewed,
        // It has nothing to write.
        Memory::ForRead if direction == Direction::Write => Memory::Pool,
        memory => memory,
    }
}

/// A write that becomes the whole file.
fn whole(random: &mut Random) -> Ask {
    let len = random.below(FILE);
    let fate = fate(random);
    let memory = memory(random, Direction::Write, fate);
    Ask {
        range: 0..len,
        direction: Direction::Write,
        buffers: vec![(len, memory)],
        several: false,
        whole: true,
        fate,
        ..without_bytes(random)
    }
}

/// A sync, a flush or a preallocation.
fn without_bytes(random: &mut Random) -> Ask {
    let start = random.below(FILE);
    let len = 1 + random.below(8 << 10);
    let direction = random.pick(&[
        Direction::Sync,
        Direction::SyncAll,
        Direction::Flush(len as u64),
        Direction::Flush(u64::MAX),
        Direction::Allocate(len as u64),
    ]);
    let range = match direction {
        Direction::Sync | Direction::SyncAll => 0..0,
        _ => start..start + len,
    };
    Ask {
        direction,
        file: random.below(FILES),
        range,
        buffers: Vec::new(),
        several: false,
        whole: false,
        background: random.one_in(4),
        way: way(random),
        fate: fate(random),
        cancel: cancel(random),
    }
}

fn scope(random: &mut Random, taken: &mut Vec<Ask>) -> Vec<Ask> {
    let mut asks = Vec::new();
    for _ in 0..1 + random.below(4) {
        let ask = transfer(random);
        let len = ask.range.len();
        let fate = random.pick(&[Fate::Wait, Fate::DropAtOnce, Fate::Forget]);
        let cancel = ask.cancel.map(|_| Cancel::AtOnce);
        let skew = memory(random, ask.direction, Fate::Forget);
        let ask = Ask { buffers: vec![(len, skew)], several: false, fate, cancel, ..ask };
        if taken.iter().all(|other| may_be_together(&ask, other)) {
            taken.push(ask.clone());
            asks.push(ask);
        }
    }
    asks
}

/// Whether both may be in flight at once: no byte is written by one and touched by the other, and
/// the backend can tell whose a transfer is.
fn may_be_together(one: &Ask, other: &Ask) -> bool {
    let moves = |ask: &Ask| matches!(ask.direction, Direction::Read | Direction::Write);
    let tellable = one.file != other.file || one.direction != other.direction;
    let barrier = |ask: &Ask| !moves(ask) && !matches!(ask.direction, Direction::Allocate(_));
    if barrier(one) || barrier(other) {
        return tellable
            || one.range.start != other.range.start
            || matches!(one.direction, Direction::Sync | Direction::SyncAll);
    }
    // It cuts off what lies beyond it.
    if one.whole || other.whole {
        let other = if one.whole { other } else { one };
        return moves(other) && other.range.is_empty() && (tellable || other.range.start != 0);
    }
    let apart = one.range.end <= other.range.start || other.range.end <= one.range.start;
    if one.range.is_empty() || other.range.is_empty() {
        let both = one.range.is_empty() && other.range.is_empty();
        return tellable || !both || one.range.start != other.range.start;
    }
    let writes = [one, other].iter().any(|ask| ask.direction == Direction::Write);
    apart || tellable && !writes
}

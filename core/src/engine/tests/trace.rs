//! What subscribers are told: the span of each request while the backend holds it, and events.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::errno::Errno;
use tracing::{
    Event as TraceEvent, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::with_default,
};

use super::*;

type Fields = BTreeMap<&'static str, String>;

/// A span or an event.
#[derive(Debug, Clone)]
struct Told {
    name: &'static str,
    level: Level,
    parent: Option<u64>,
    fields: Fields,
    closed: bool,
}

#[derive(Default)]
struct Collected {
    /// A span's number is its place, from 1 on.
    spans: Vec<Told>,
    events: Vec<Told>,
    entered: Vec<u64>,
}

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Collector {
    collected: Arc<Mutex<Collected>>,
    /// Called first, with what happens.
    hook: Option<Arc<dyn Fn(&'static str) + Send + Sync>>,
}

impl Collector {
    fn hooked(hook: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happens(&self, what: &'static str) -> MutexGuard<'_, Collected> {
        if let Some(hook) = &self.hook {
            hook(what);
        }
        self.lock()
    }

    /// The requests' spans.
    fn requests(&self) -> Vec<Told> {
        let spans = self.lock().spans.clone();
        spans.into_iter().filter(|span| span.name == "ds_aio.request").collect()
    }

    fn messages(&self) -> Vec<(Level, String)> {
        let message = |event: &Told| (event.level, event.fields["message"].clone());
        self.lock().events.iter().map(message).collect()
    }
}

struct Visitor<'a>(&'a mut Fields);

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ds_aio" || metadata.target() == module_path!()
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut collected = self.happens("new_span");
        let mut fields = Fields::new();
        attributes.record(&mut Visitor(&mut fields));
        let of_thread = attributes.is_contextual().then(|| collected.entered.last().copied());
        let parent = attributes.parent().map(span::Id::into_u64).or(of_thread.flatten());
        let metadata = attributes.metadata();
        let (name, level) = (metadata.name(), *metadata.level());
        collected.spans.push(Told { name, level, parent, fields, closed: false });
        span::Id::from_u64(collected.spans.len() as u64)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut collected = self.happens("record");
        let told = &mut collected.spans[id.into_u64() as usize - 1];
        values.record(&mut Visitor(&mut told.fields));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &TraceEvent<'_>) {
        let mut collected = self.happens("event");
        let mut fields = Fields::new();
        event.record(&mut Visitor(&mut fields));
        let (name, level) = (event.metadata().name(), *event.metadata().level());
        let parent = event.parent().map(span::Id::into_u64);
        collected.events.push(Told { name, level, parent, fields, closed: false });
    }

    fn enter(&self, id: &span::Id) {
        self.lock().entered.push(id.into_u64());
    }

    fn exit(&self, _: &span::Id) {
        self.lock().entered.pop();
    }

    fn try_close(&self, id: span::Id) -> bool {
        let mut collected = self.happens("try_close");
        collected.spans[id.into_u64() as usize - 1].closed = true;
        true
    }
}

#[test]
fn a_requests_span_lasts_from_its_acceptance_to_its_delivery() {
    for sim in layouts(1, 2) {
        let bench = Bench::new(sim, settings(1, 2));
        bench.sim.hold();
        let collector = Collector::default();
        let ticket = with_default(collector.clone(), || {
            let _caller = tracing::info_span!("caller").entered();
            bench.write(3, 5)
        });
        bench.sim.wait_for_pushes(2);
        let [request] = collector.requests().try_into().unwrap();
        assert!(!request.closed, "it is in flight");
        assert_eq!((request.parent, request.level), (Some(1), Level::DEBUG), "the caller's child");
        let field = |told: &Told, name| told.fields.get(name).cloned().unwrap_or_default();
        assert_eq!(field(&request, "operation"), "pwrite");
        assert_eq!(field(&request, "path"), bench.path.display().to_string());
        assert_eq!(field(&request, "offset"), offset(5).to_string());
        assert_eq!(field(&request, "len"), offset(3).to_string());
        assert_eq!(field(&request, "done"), "");
        assert!(collector.messages().is_empty());

        // Its blocks end on workers, which have no subscriber of their own.
        bench.sim.release_all();
        ticket.wait().unwrap();
        let [request] = collector.requests().try_into().unwrap();
        assert!(request.closed, "by the time the ticket resolves");
        assert_eq!(field(&request, "done"), offset(3).to_string());
        assert_eq!(field(&request, "error"), "");
        let event = collector.lock().events[0].clone();
        assert_eq!((event.parent, event.level), (Some(2), Level::DEBUG));
        assert_eq!(field(&event, "done"), offset(3).to_string());
        assert_eq!(field(&event, "message"), "done");
        assert_eq!(collector.messages().len(), 1);
    }
}

#[test]
fn a_failure_is_told_with_its_error() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.inject(|call| (call.offset >= offset(2)).then_some(Fault::Fail(Errno::ENOSPC)));
    let collector = Collector::default();
    let failed = with_default(collector.clone(), || bench.write(4, 0)).wait().unwrap_err();
    let elsewhere = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let foreign = with_default(collector.clone(), || {
        bench.engine.pread(&elsewhere.file, vec![0; 7], 3).wait().unwrap_err()
    });
    let synced = with_default(collector.clone(), || bench.engine.sync(&bench.file));
    synced.unwrap();

    let requests = collector.requests();
    let told = |at: usize| {
        let Told { fields, closed, .. } = &requests[at];
        let field = |name| fields.get(name).map(String::as_str);
        (field("operation").unwrap(), field("done").unwrap(), field("error"), *closed)
    };
    let (done, error) = ((2 * BLOCK).to_string(), failed.error().to_string());
    assert_eq!(told(0), ("pwrite", &*done, Some(&*error), true));
    let error = foreign.error().to_string();
    assert_eq!(told(1), ("pread", "0", Some(&*error), true));
    assert_eq!(told(2), ("fdatasync", "0", None, true));
    let events = collector.lock().events.clone();
    let levels: Vec<_> = events.iter().map(|event| event.level).collect();
    assert_eq!(levels, [Level::WARN, Level::WARN, Level::DEBUG]);
    assert_eq!((&events[0].fields["done"], &events[1].fields["error"]), (&done, &error));
}

#[test]
fn a_cancelled_request_is_no_failure_to_warn_of() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let collector = Collector::default();
    let ticket = with_default(collector.clone(), || bench.write(3, 0));
    bench.sim.wait_for_pushes(1);
    ticket.cancel();
    bench.sim.release_all();
    let error = ticket.wait().unwrap_err().into_parts().0;
    assert_eq!(collector.messages(), [(Level::DEBUG, "cancelled".to_owned())]);
    assert_eq!(collector.requests()[0].fields["error"], error.to_string());
}

#[test]
fn an_engine_tells_of_its_start_its_end_and_what_its_settings_became() {
    let collector = Collector::default();
    let asked = EngineSettings {
        block_size: 1 << 20,
        backend: crate::BackendMode::Threads,
        ..settings(4, 64)
    };
    let engine = with_default(collector.clone(), || Engine::new(&asked)).unwrap();
    let difference = engine.settings().differences().next().unwrap().to_string();
    let mut expected = vec![(Level::INFO, "engine started".to_owned()), (Level::WARN, difference)];
    assert_eq!(collector.messages(), expected);
    assert_eq!(collector.lock().events[0].fields["queue_depth"], "32");
    assert_eq!(collector.lock().events[0].fields["backend"], "threads");
    assert!(!collector.lock().events[0].fields.contains_key("ring_unavailable"));
    engine.close().unwrap();
    expected.push((Level::INFO, "engine ended".to_owned()));
    assert_eq!(collector.messages(), expected);
}

#[test]
fn a_poisoned_engine_tells_whoever_started_it() {
    let collector = Collector::default();
    let sim = Sim::lanes(1, 1);
    let bench = with_default(collector.clone(), || Bench::new(sim, settings(1, 1)));
    bench.sim.inject(|_| Some(Fault::Panic));
    let queued: Vec<_> = (0..3).map(|number| bench.write(1, number)).collect();
    queued.into_iter().for_each(|ticket| drop(ticket.wait().unwrap_err()));
    drop(bench);
    let errors: Vec<_> =
        collector.messages().into_iter().filter(|(level, _)| *level == Level::ERROR).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].1.contains("panicked"), "{errors:?}");
}

#[test]
fn an_unfinished_writer_is_told_of_and_counted() {
    use std::io::Write;

    let collector = Collector::default();
    let bench = with_default(collector.clone(), || Bench::new(Sim::lanes(1, 1), settings(1, 1)));
    let unfinished = || -> Vec<_> {
        let events = collector.lock().events.clone();
        events.into_iter().filter(|told| told.fields["message"] == "writer unfinished").collect()
    };
    for len in [0, 5] {
        let path = bench.path.with_file_name(format!("unfinished {len}"));
        let mut writer = crate::FileWriter::create(&bench.engine, path).unwrap();
        writer.write_all(&[1; 5][..len]).unwrap();
        drop(writer);
    }
    let mut finished = crate::FileWriter::create(&bench.engine, &bench.path).unwrap();
    finished.write_all(b"whole").unwrap();
    finished.finish().unwrap();
    let discarded = crate::FileWriter::create(&bench.engine, &bench.path).unwrap();
    discarded.discard();

    let told = unfinished();
    let failures = bench.engine.close().unwrap_err();
    assert_eq!((told.len(), failures.errors().len()), (2, 2));
    for (told, error) in told.iter().zip(failures.errors()) {
        assert_eq!((told.level, &told.fields["error"]), (Level::WARN, &error.to_string()));
        assert!(told.fields["error"].contains("unfinished"), "{told:?}");
    }
}

#[test]
fn a_panicking_subscriber_harms_nobody() {
    for panics_in in ["new_span", "record", "event", "try_close"] {
        let collector = Collector::hooked(move |what| {
            assert!(what != panics_in, "a panic that the test asked for");
        });
        let sim = Sim::lanes(1, 2);
        with_default(collector.clone(), || {
            let bench = Bench::new(sim, settings(1, 2));
            bench.write(5, 0).wait().unwrap();
            bench.engine.pread(&bench.file, vec![0; 1], offset(9)).wait().unwrap_err();
            let data = [1; 100];
            let written = bench.engine.scope(|s| s.pwrite(&bench.file, &data, 0).wait().map(drop));
            written.unwrap().unwrap();
            bench.engine.sync(&bench.file).unwrap();
            let stats = bench.engine.stats();
            assert_eq!((stats.requests(), stats.in_flight, stats.workers), (4, 0, 2));
            bench.engine.close().unwrap();
        });
    }
}

#[test]
fn a_subscriber_may_use_the_engine() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let Bench { engine, file, .. } = bench;
    let engine = Arc::new(engine);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let collector = Collector::hooked({
        let (engine, seen, file) = (Arc::clone(&engine), Arc::clone(&seen), file.clone());
        move |what| {
            drop(engine.pwrite(&file, vec![1; BLOCK], offset(20)));
            let told = (what, engine.stats().in_flight > 0);
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        }
    });
    let ticket = with_default(collector, || engine.pwrite(&file, vec![2; 3 * BLOCK], 0));
    ticket.wait().unwrap();
    engine.sync(&file).unwrap();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(
        seen.iter().map(|(what, _)| *what).collect::<Vec<_>>(),
        ["new_span", "record", "event", "try_close"]
    );
}

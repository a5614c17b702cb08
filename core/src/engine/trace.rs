//! What subscribers of the `tracing` crate are told, with the feature of that name.
//!
//! Subscribers are the program's code: they are called with no lock held, and their panics stay
//! here.

#[cfg(feature = "tracing")]
mod told {
    use std::{cell::Cell, path::Path};

    use tracing::{
        Dispatch, Level, Span, dispatcher, event, field::Empty, span, subscriber::NoSubscriber,
    };

    use crate::{
        engine::{
            EffectiveSettings,
            request::{Asked, operation},
            user_code::contain,
        },
        error::{Error, ErrorKind},
        sync::{Mutex, lock},
    };

    thread_local! {
        /// Whether this thread is in a subscriber that was called from here.
        static TELLING: Cell<bool> = const { Cell::new(false) };
    }

    /// The calling thread's subscriber, if it has one. None while it is in one: what a subscriber
    /// asks of the engine when it is told something is not told in turn, for ever.
    fn subscriber() -> Option<Dispatch> {
        if TELLING.get() {
            return None;
        }
        dispatcher::get_default(|told| (!told.is::<NoSubscriber>()).then(|| told.clone()))
    }

    /// Runs code that calls a subscriber.
    fn tell(code: impl FnOnce()) {
        let outer = TELLING.replace(true);
        contain(code);
        TELLING.set(outer);
    }

    /// The span of a request, from acceptance to delivery, and the subscriber of the thread that
    /// made the request: those of the workers may be others. None if nobody is to be told.
    pub(crate) struct RequestTrace(Mutex<Option<(Dispatch, Span)>>);

    impl RequestTrace {
        /// Begins the span, as a child of the one that the calling thread is in.
        pub(crate) fn begin(asked: &Asked, path: &Path) -> Self {
            let begun = subscriber().map(|subscriber| {
                let mut span = Span::none();
                tell(|| span = span_of(asked, path));
                (subscriber, span)
            });
            Self(Mutex::new(begun))
        }

        /// Tells of the result, and closes the span.
        pub(crate) fn end(&self, wanted: usize, result: &Result<(), Error>) {
            let taken = lock(&self.0).take();
            let Some((subscriber, span)) = taken else {
                return;
            };
            tell(|| dispatcher::with_default(&subscriber, || tell_of_end(&span, wanted, result)));
            // Each apart: a panic while another unwinds would end the process.
            tell(|| drop(span));
            tell(|| drop(subscriber));
        }
    }

    fn span_of(asked: &Asked, path: &Path) -> Span {
        span!(
            target: "ds_aio",
            Level::DEBUG,
            "ds_aio.request",
            operation = operation(asked.direction).name(),
            path = %path.display(),
            offset = asked.offset,
            len = asked.plan.len(),
            done = Empty,
            error = Empty,
        )
    }

    fn tell_of_end(span: &Span, wanted: usize, result: &Result<(), Error>) {
        match result {
            Ok(()) => {
                span.record("done", wanted);
                event!(target: "ds_aio", parent: span, Level::DEBUG, done = wanted, "done");
            }
            Err(error) => {
                span.record("done", error.done());
                span.record("error", tracing::field::display(error));
                let done = error.done();
                if error.kind() == ErrorKind::Cancelled {
                    event!(target: "ds_aio", parent: span, Level::DEBUG, done, "cancelled");
                    return;
                }
                event!(target: "ds_aio", parent: span, Level::WARN, done, %error, "failed");
            }
        }
    }

    /// Who is told of the engine itself: the subscriber of the thread that started it, whichever
    /// thread something happens on.
    pub(crate) struct EngineTrace(Option<Dispatch>);

    impl EngineTrace {
        pub(crate) fn new() -> Self {
            Self(subscriber())
        }

        pub(crate) fn started(&self, settings: &EffectiveSettings) {
            self.tell_of(|| {
                let asked = &settings.asked;
                event!(
                    target: "ds_aio",
                    Level::INFO,
                    backend = settings.backend,
                    ring_unavailable = settings.ring_unavailable().map(tracing::field::display),
                    block_size = asked.block_size,
                    queue_depth = settings.queue_depth,
                    thread_count = settings.thread_count,
                    single_submit = asked.single_submit,
                    overlap_events = asked.overlap_events,
                    direct = %asked.direct,
                    queue_capacity = asked.queue_capacity,
                    background_rate = asked.background_rate,
                    "engine started"
                );
                for difference in settings.differences() {
                    event!(target: "ds_aio", Level::WARN, "{difference}");
                }
            });
        }

        pub(crate) fn poisoned(&self) {
            self.tell_of(|| {
                event!(
                    target: "ds_aio",
                    Level::ERROR,
                    "a worker panicked: the engine takes no more requests"
                );
            });
        }

        pub(crate) fn unfinished(&self, error: &Error) {
            self.tell_of(|| event!(target: "ds_aio", Level::WARN, %error, "writer unfinished"));
        }

        pub(crate) fn ended(&self) {
            self.tell_of(|| event!(target: "ds_aio", Level::INFO, "engine ended"));
        }

        fn tell_of(&self, event: impl FnOnce()) {
            // A program may set its subscriber after it started the engine.
            if let Some(subscriber) = self.0.clone().or_else(subscriber) {
                tell(|| dispatcher::with_default(&subscriber, event));
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod told {
    use std::path::Path;

    use crate::{
        engine::{EffectiveSettings, request::Asked},
        error::Error,
    };

    pub(crate) struct RequestTrace;

    impl RequestTrace {
        #[inline]
        pub(crate) fn begin(_asked: &Asked, _path: &Path) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn end(&self, _wanted: usize, _result: &Result<(), Error>) {}
    }

    pub(crate) struct EngineTrace;

    impl EngineTrace {
        #[inline]
        pub(crate) fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn started(&self, _settings: &EffectiveSettings) {}

        #[inline]
        pub(crate) fn poisoned(&self) {}

        #[inline]
        pub(crate) fn unfinished(&self, _error: &Error) {}

        #[inline]
        pub(crate) fn ended(&self) {}
    }
}

pub(crate) use told::{EngineTrace, RequestTrace};

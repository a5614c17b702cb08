//! Streams in tasks: the traits of tokio and of futures, and what becomes of a task that is dropped.

use std::{fs, future::Future, io::SeekFrom, pin::pin, sync::Arc, task::Context};

use ds_aio::{Engine, Error, ErrorKind, FileReader, FileWriter, WriterOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::engine::support::{Bench, HeldWorker, waker};

const LEN: usize = (3 << 20) + 1234;

fn shared() -> (Arc<Engine>, tempfile::TempDir) {
    let Bench { engine, dir } = Bench::new(settings(64 << 10, (2, 4), (false, true)));
    (Arc::new(engine), dir)
}

#[test]
fn tokio_copies_from_stream_to_stream() {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

    let (engine, dir) = shared();
    let data = pattern(1, LEN);
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::write(&from, &data).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut reader = FileReader::open(Arc::clone(&engine), &from).unwrap();
        let options = WriterOptions::new().replace();
        let writer = FileWriter::create_with(Arc::clone(&engine), &to, &options);
        let mut writer = writer.unwrap();
        let copied = tokio::spawn(async move {
            let copied = tokio::io::copy_buf(&mut reader, &mut writer).await.unwrap();
            writer.flush().await.unwrap();
            writer.write_all(b"end").await.unwrap();
            writer.shutdown().await.unwrap();
            // Again, it is finished.
            writer.shutdown().await.unwrap();
            let error = writer.write_all(b"more").await.unwrap_err();
            assert_eq!(error.downcast::<Error>().unwrap().kind(), ErrorKind::Finished);
            assert_eq!(reader.seek(SeekFrom::End(-5)).await.unwrap(), LEN as u64 - 5);
            let mut last = Vec::new();
            reader.read_to_end(&mut last).await.unwrap();
            assert!(reader.fill_buf().await.unwrap().is_empty());
            (copied, last)
        });
        let (copied, last) = copied.await.unwrap();
        assert_eq!(copied, LEN as u64);
        assert_eq!(last, data[LEN - 5..]);
    });
    assert_same(&fs::read(&to).unwrap(), &[&data[..], b"end"].concat(), &"copied");
    Arc::into_inner(engine).unwrap().close().unwrap();
}

#[test]
fn futures_copy_from_stream_to_stream() {
    use smol::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

    let (engine, dir) = shared();
    let data = pattern(2, LEN);
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::write(&from, &data).unwrap();
    smol::block_on(async {
        let mut reader = FileReader::open(&*engine, &from).unwrap();
        let mut writer = FileWriter::create(&*engine, &to).unwrap();
        assert_eq!(smol::io::copy(&mut reader, &mut writer).await.unwrap(), LEN as u64);
        writer.close().await.unwrap();
        assert_eq!(writer.finish_async().await.unwrap(), LEN as u64);
        reader.seek(SeekFrom::Start(7)).await.unwrap();
        let mut found = [0; 10];
        reader.read_exact(&mut found).await.unwrap();
        assert_eq!(found, data[7..17]);
    });
    assert_same(&fs::read(&to).unwrap(), &data, &"copied");
}

#[test]
fn a_full_queue_is_awaited_and_a_dropped_task_leaves_no_file() {
    use smol::io::AsyncWriteExt;

    let mut settings = settings(4096, (1, 1), (false, true));
    settings.queue_capacity = 1;
    let bench = Bench::new(settings);
    let held = HeldWorker::of(&bench);
    let options = WriterOptions::new().replace().memory(8192);
    let path = bench.path("data");
    let data = pattern(3, 100_000);
    let mut kept = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
    let mut dropped = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
    let pending = waker(|| {});
    let mut writes = Box::pin(async {
        kept.write_all(&data).await.unwrap();
        kept.finish_async().await.unwrap()
    });
    assert!(writes.as_mut().poll(&mut Context::from_waker(&pending)).is_pending());
    let mut other = Box::pin(async {
        dropped.write_all(&data).await.unwrap();
        dropped.finish_async().await.unwrap()
    });
    assert!(pin!(other.as_mut()).poll(&mut Context::from_waker(&pending)).is_pending());
    drop(held);
    assert_eq!(smol::block_on(writes), data.len() as u64);
    drop(other);
    assert_same(&fs::read(&path).unwrap(), &data, &"kept");
    let names = fs::read_dir(bench.dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["data", "holds the worker"]);
    let failures = bench.engine.close().unwrap_err();
    assert_eq!(failures.errors()[0].kind(), ErrorKind::Unfinished, "{failures}");
}

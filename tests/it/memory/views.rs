//! Bytes as numbers.

use ds_aio::{BufferPool, Engine, EngineSettings, ErrorKind, Operation, PodVec};

#[test]
fn a_buffers_bytes_are_numbers_of_any_type() {
    let pool = BufferPool::new();
    let mut buffer = pool.alloc(4096).unwrap();
    for (number, float) in buffer.as_mut_slice_of::<f64>().unwrap().iter_mut().enumerate() {
        *float = number as f64;
    }
    let floats = buffer.as_slice_of::<f64>().unwrap();
    assert_eq!((floats.len(), floats[511]), (512, 511.0));
    assert_eq!(buffer[8..16], 1.0_f64.to_ne_bytes());
    assert_eq!(buffer.as_slice_of::<u128>().unwrap().len(), 256);
    assert_eq!(pool.alloc(0).unwrap().as_slice_of::<u64>().unwrap().len(), 0);
}

#[test]
fn what_makes_no_whole_elements_is_refused() {
    let mut buffer = BufferPool::new().alloc(10).unwrap();
    let wrong = buffer.as_mut_slice_of::<u32>().unwrap_err();
    for error in [buffer.as_slice_of::<u32>().unwrap_err(), wrong] {
        assert_eq!((error.operation(), error.kind()), (Operation::View, ErrorKind::UnevenLength));
        let told = error.to_string();
        assert!(told.contains("10 bytes") && told.contains("4 bytes"), "{told}");
    }
    assert_eq!(buffer.as_slice_of::<()>().unwrap_err().kind(), ErrorKind::UnevenLength);
}

#[test]
fn numbers_begin_where_the_file_offset_lets_them() {
    let pool = BufferPool::new();
    assert_eq!(pool.alloc_at(4, 16).unwrap().as_slice_of::<u32>().unwrap(), [0; 4]);
    let error = pool.alloc_at(5, 16).unwrap().as_slice_of::<u32>().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misaligned);
}

#[test]
fn a_buffer_for_reads_is_the_numbers_that_were_read() {
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = engine.create(dir.path().join("numbers")).unwrap();
    let numbers: Vec<u32> = (0..10_000).map(|number| number * 7).collect();
    let written = engine.pwrite(&file, PodVec(numbers.clone()), 0).wait().unwrap();
    assert_eq!(written.0, numbers);
    assert_eq!(file.len().unwrap(), 40_000);

    let unread = engine.alloc_for_read(40_000).unwrap();
    assert_eq!(unread.as_slice_of::<u32>().unwrap(), [0; 0]);
    let buffer = engine.pread(&file, unread, 0).wait().unwrap();
    assert_eq!(buffer.as_slice_of::<u32>().unwrap(), numbers);

    let read = engine.pread(&file, PodVec(vec![0_u32; 5000]), 4).wait().unwrap();
    assert_eq!(read.0, numbers[1..5001]);
    let (error, back) =
        engine.pread(&file, PodVec(vec![0_u64; 10]), 39_996).wait().unwrap_err().into_parts();
    assert_eq!((error.wanted(), error.done(), back.unwrap().0.len()), (80, 4, 10));
}

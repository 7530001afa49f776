//! The state file: what stands in it, who may use it, and what happens when it cannot be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;

use faucet_core::{
    CheckReport, Delivery, ErrorKind, Info, PageReader, PageWriter, Result, Resume, Scope, Sink,
    Source,
};
use faucet_pipeline::{Flush, Pipeline, PipelineBuilder, Report};
use serde_json::{Value, json};

use crate::books::{BOTH, count, run, run_until};
use crate::doubles::{
    FileSink, Memory, Numbers, Queue, Window, after, every, folder, ms, saved_position,
};

fn builder(file: &Path) -> PipelineBuilder {
    Pipeline::builder().source("n", Numbers::new(10, 4)).state(file)
}

fn pipeline(file: &Path) -> Pipeline {
    builder(file).sink("m", Memory::default(), &["n"]).build().unwrap()
}

fn state(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The message of a refusal, which names the file and says what to do.
fn refused(report: &Report, file: &Path) -> String {
    let error = report.error.as_ref().unwrap();
    assert!(error.component().is_none() && error.hint().is_some(), "{error:#}");
    let name = format!("state file {}: ", file.display());
    assert_eq!(count(report, "n", "records"), 0, "nothing was read");
    error.to_string().strip_prefix(&name).unwrap_or_else(|| panic!("{error:#}")).to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_state_is_readable_and_names_what_it_belongs_to() {
    let (_folder, file) = folder();
    let pipeline = Pipeline::builder()
        .source("n", Numbers { live: true, ..Numbers::new(10, 4) })
        .transform("w", Window::of(7), &["n"])
        .sink("file", FileSink::default(), &["w"])
        .state(&file)
        .build()
        .unwrap();
    run_until(&pipeline, after(100)).await;
    assert_eq!(
        state(&file),
        json!({
            "version": 1,
            "epoch": 2,
            "components": {
                "n": {"type": "numbers", "target": "counter", "position": "10"},
                "w": {"type": "window", "target": "", "saved": "7+8+9"},
                "file": {"type": "file", "target": "a file", "saved": "1"},
            },
        })
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\n  \"components\"") && text.ends_with("}\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_later_run_goes_on_behind_the_last_commit() {
    for parallel in BOTH {
        let (_folder, file) = folder();
        let there = Memory::default();
        for (count, told) in [(10, vec![10]), (10, vec![10]), (25, vec![25])] {
            let source = Numbers::new(count, 4);
            let pipeline = Pipeline::builder()
                .source("n", source.clone())
                .sink("m", there.clone(), &["n"])
                .state(&file)
                .parallel(parallel)
                .build()
                .unwrap();
            run(&pipeline).await;
            assert_eq!(there.numbers(), (0..count).collect::<Vec<u64>>());
            assert_eq!(saved_position(&file, "n"), Some(count.to_string()));
            // The last word reaches the source before it is closed, although the save takes time.
            assert_eq!(source.committed(), told);
        }
        // A run that moved nothing has written nothing.
        assert_eq!(state(&file)["epoch"], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_one_connection_understands_is_not_saved() {
    let (_folder, file) = folder();
    let queue = Queue::new(5);
    let pipeline = builder(&file)
        .source("queue", queue.clone())
        .sink("m", Memory::default(), &["n", "queue"])
        .build()
        .unwrap();
    run(&pipeline).await;
    assert_eq!(queue.acked().len(), 5);
    assert_eq!(saved_position(&file, "n").as_deref(), Some("10"));
    assert_eq!(saved_position(&file, "queue"), None);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_is_refused_while_the_first_goes_on() {
    let (_folder, file) = folder();
    let live = Pipeline::builder()
        .source("n", Numbers::live(1, 100))
        .sink("m", Memory::default(), &["n"])
        .state(&file)
        .build()
        .unwrap();
    let second = async {
        after(50).await;
        let report = run(&pipeline(&file)).await;
        assert_eq!(refused(&report, &file), "is in use by another run");
    };
    assert!(run_until(&live, second).await.error.is_none());
    assert!(run(&pipeline(&file)).await.error.is_none(), "the first has given it free");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_while_another_run_is_waited_for_is_heard() {
    let (_folder, file) = folder();
    let live = Pipeline::builder()
        .source("n", Numbers::live(1, 100))
        .sink("m", Memory::default(), &["n"])
        .state(&file)
        .build()
        .unwrap();
    let second = async {
        after(50).await;
        let report = run_until(&pipeline(&file), after(100)).await;
        assert_eq!((report.ended.as_str(), report.elapsed_seconds), ("shutdown", 0.1));
    };
    run_until(&live, second).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_of_other_components_is_refused() {
    #[derive(Debug)]
    struct Other(Memory, &'static str, &'static str);

    #[async_trait::async_trait]
    impl Sink for Other {
        fn info(&self) -> Info {
            Info::new(self.1, self.2, Delivery::AtMostOnce)
        }

        async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
            self.0.open(scope).await
        }

        async fn check(&self, scope: &Scope) -> CheckReport {
            self.0.check(scope).await
        }
    }

    let (_folder, file) = folder();
    run(&pipeline(&file)).await;
    let before = fs::read(&file).unwrap();
    for (sink, id, what) in [
        (("memory", "table"), "m", "the component m was memory list and is memory table"),
        (("disk", "list"), "m", "the component m was memory list and is disk list"),
        (("memory", "list"), "k", "the component m is gone"),
    ] {
        let sink = Other(Memory::default(), sink.0, sink.1);
        let changed = builder(&file).sink(id, sink, &["n"]).build().unwrap();
        let report = run(&changed).await;
        assert_eq!(refused(&report, &file), format!("belongs to another pipeline: {what}"));
        assert_eq!(report.error.unwrap().kind(), ErrorKind::Config);
        assert_eq!(fs::read(&file).unwrap(), before, "a refused file stays as it is");
    }
}

#[tokio::test(start_paused = true)]
async fn a_component_that_joins_begins_at_its_own_beginning() {
    let (_folder, file) = folder();
    run(&pipeline(&file)).await;
    let (old, new) = (Memory::default(), Memory::default());
    let joined = builder(&file)
        .source("later", Numbers { add: 100, ..Numbers::new(3, 3) })
        .sink("m", old.clone(), &["n"])
        .sink("new", new.clone(), &["later"])
        .build()
        .unwrap();
    assert!(run(&joined).await.error.is_none());
    assert_eq!((old.numbers(), new.numbers()), (vec![], vec![100, 101, 102]));
    assert_eq!(saved_position(&file, "later").as_deref(), Some("3"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_state_is_refused_and_kept() {
    let (_folder, file) = folder();
    run(&pipeline(&file)).await;
    let good = fs::read_to_string(&file).unwrap();
    for (text, what) in [
        (good[..good.len() / 2].to_owned(), "is no state file"),
        ("[]".to_owned(), "is no state file"),
        (String::new(), "is no state file"),
        (good.replace("\"epoch\"", "\"epoche\""), "is no state file"),
        (
            good.replace("\"position\": \"8\"", "\"position\": 8").replace("\"10\"", "10"),
            "is no state file",
        ),
        (
            good.replace("\"version\": 1", "\"version\": 7"),
            "has the version 7, and this build reads 1",
        ),
    ] {
        fs::write(&file, &text).unwrap();
        let report = run(&pipeline(&file)).await;
        assert_eq!(refused(&report, &file), what, "{text}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::write(&file, good).unwrap();
    assert!(run(&pipeline(&file)).await.error.is_none());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let report = run(&pipeline(&file)).await;
    assert_eq!(refused(&report, &file), "cannot be read");
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_not_there_is_named_before_anything_opens() {
    let (folder, _) = folder();
    let file = folder.path().join("none").join("state.json");
    let report = run(&pipeline(&file)).await;
    assert_eq!(refused(&report, &file), "cannot be locked");
    let shown = format!("{:#}", report.error.unwrap());
    assert!(shown.contains("its directory must exist and be writable"), "{shown}");
}

/// Makes every save fail: what is written beside the file cannot be created.
fn block(file: &Path) -> PathBuf {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs::create_dir(&beside).unwrap();
    beside.into()
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_saved_stops_the_run_and_nothing_is_acknowledged() {
    for parallel in BOTH {
        let (_folder, file) = folder();
        block(&file);
        let (source, there) = (Numbers::live(1, 10), Memory::default());
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .sink("m", there.clone(), &["n"])
            .flush(Flush::every(ms(95)))
            .state(&file)
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        let error = report.error.as_ref().unwrap();
        let expected = format!("state file {}: cannot be written", file.display());
        assert_eq!((error.to_string(), error.kind()), (expected, ErrorKind::Sink));
        assert!(error.component().is_none());
        // What was read is in the sink.
        assert!((10..=11).contains(&report.delivered), "{report:?}");
        assert_eq!(there.numbers().len() as u64, count(&report, "n", "records"));
        assert_eq!((source.committed().len(), report.commits), (0, 0));
        assert!(!file.exists());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_committed_after_a_failed_save_although_the_next_would_work() {
    let (_folder, file) = folder();
    let beside = block(&file);
    let source = Numbers::live(1, 10);
    let pipeline = Pipeline::builder()
        .source("n", source.clone())
        .sink("m", Memory::slow(50), &["n"])
        .flush(every(1))
        .state(&file)
        .build()
        .unwrap();
    let repair = async {
        while source.drained.load(SeqCst) == 0 {
            after(1).await;
        }
        fs::remove_dir(beside).unwrap();
        after(5000).await;
    };
    let report = run_until(&pipeline, repair).await;
    assert!(report.error.unwrap().to_string().ends_with("cannot be written"));
    assert_eq!((source.committed().len(), file.exists()), (0, false));
}

#[tokio::test(start_paused = true)]
async fn a_failed_save_is_the_first_error_and_not_what_follows_it() {
    #[derive(Debug)]
    struct Undrained(Numbers);
    struct Reader(Box<dyn PageReader>);

    #[async_trait::async_trait]
    impl Source for Undrained {
        fn info(&self) -> Info {
            self.0.info().with_resume(Resume::Positions)
        }

        async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
            Ok(Box::new(Reader(self.0.open(scope).await?)))
        }

        async fn check(&self, scope: &Scope) -> CheckReport {
            self.0.check(scope).await
        }
    }

    #[async_trait::async_trait]
    impl PageReader for Reader {
        async fn next_page(&mut self) -> Result<faucet_core::Next> {
            self.0.next_page().await
        }

        async fn drain(&mut self) -> Result<Option<faucet_core::StreamPage>> {
            Err(faucet_core::Error::new(ErrorKind::Other, "cannot stop"))
        }

        fn position(&self) -> Option<faucet_core::Position> {
            self.0.position()
        }
    }

    let (_folder, file) = folder();
    block(&file);
    let pipeline = Pipeline::builder()
        .source("n", Undrained(Numbers::live(1, 10)))
        .sink("m", Memory::default(), &["n"])
        .flush(Flush::every(ms(95)))
        .state(&file)
        .build()
        .unwrap();
    let report = run(&pipeline).await;
    assert!(report.error.as_ref().unwrap().to_string().ends_with("cannot be written"));
    assert_eq!(report.components["n"].error.as_deref(), Some("cannot stop"));
}

#[tokio::test(start_paused = true)]
async fn a_last_save_that_fails_is_an_error() {
    let (_folder, file) = folder();
    block(&file);
    let report = run(&pipeline(&file)).await;
    assert_eq!(report.ended.as_str(), "error");
    assert_eq!((report.delivered, report.commits), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_another_program_changed_is_not_overwritten() {
    for other in [None, Some("{\"version\":1,\"epoch\":99,\"components\":{}}")] {
        let (_folder, file) = folder();
        let source = Numbers::live(1, 10);
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .sink("m", Memory::default(), &["n"])
            .flush(Flush::every(ms(95)))
            .state(&file)
            .build()
            .unwrap();
        let change = async {
            after(150).await;
            match other {
                None => fs::remove_file(&file).unwrap(),
                Some(text) => fs::write(&file, text).unwrap(),
            }
            after(5000).await;
        };
        let report = run_until(&pipeline, change).await;
        let error = report.error.unwrap();
        assert!(error.to_string().ends_with("was changed by another program"), "{error}");
        let now = fs::read_to_string(&file).ok();
        assert_eq!(now.as_deref(), other);
        assert_eq!(source.committed().len(), 1);
    }
}

/// The file beside a state is a pipe: whoever opens it waits until somebody reads.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_save_that_outlives_its_run_keeps_the_next_run_waiting() {
    let (_folder, file) = folder();
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    rustix::fs::mkfifoat(rustix::fs::CWD, &beside, rustix::fs::Mode::RWXU).unwrap();
    let (source, there) = (Numbers { live: true, ..Numbers::new(4, 4) }, Memory::default());
    let first = Pipeline::builder()
        .source("n", source)
        .sink("m", there.clone(), &["n"])
        .flush(every(1))
        .state(&file)
        .build()
        .unwrap();
    // Dropped while it saves: all is on one thread, so that the save has begun some turns later.
    let saving = async {
        while there.lines().is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = first.run() => unreachable!(),
        () = saving => {}
    }
    let pipeline = pipeline(&file);
    let second = tokio::time::timeout(ms(5000), run(&pipeline)).await;
    // Somebody reads: the save ends, and the file is free.
    let read = tokio::task::spawn_blocking({
        let beside = beside.clone();
        move || fs::read(beside)
    });
    let text = read.await.unwrap().unwrap();
    assert_eq!(refused(&second.unwrap(), &file), "is in use by another run");
    assert!(text.starts_with(b"{\n  \"version\": 1"));
    fs::remove_file(&beside).ok();
    let report = run(&pipeline).await;
    assert!(report.error.is_none(), "{report:?}");
}

//! The traits for boxes and shared pointers.
//!
//! The future of the inner call is handed on as it is. With `async fn` there would be a second box
//! around it, and a method call on a `Box<dyn PageReader>` finds these impls before those of
//! `dyn PageReader`: every page would pay for it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use crate::component::check::CheckReport;
use crate::component::error::Result;
use crate::component::flushed::Flushed;
use crate::component::info::Info;
use crate::component::scope::Scope;
use crate::component::sink::{PageWriter, Sink};
use crate::component::source::{Next, PageReader, Source};
use crate::component::transform::{Carry, Out, PageStage, Transform};
use crate::config::problem::Problems;
use crate::stream::{Mark, Position, StreamPage};

type Fut<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

macro_rules! forward_open {
    ($run:ident) => {
        fn info(&self) -> Info {
            (**self).info()
        }

        fn open<'a, 'b, 'f>(&'a self, scope: &'b Scope) -> Fut<'f, Result<Box<dyn $run>>>
        where
            'a: 'f,
            'b: 'f,
            Self: 'f,
        {
            (**self).open(scope)
        }
    };
}

macro_rules! forward_check {
    () => {
        fn check<'a, 'b, 'f>(&'a self, scope: &'b Scope) -> Fut<'f, CheckReport>
        where
            'a: 'f,
            'b: 'f,
            Self: 'f,
        {
            (**self).check(scope)
        }
    };
}

macro_rules! forward_configured {
    ($($wrapper:ident),*) => { $(
        impl<T: Source + ?Sized> Source for $wrapper<T> {
            forward_open!(PageReader);
            forward_check!();
        }

        impl<T: Sink + ?Sized> Sink for $wrapper<T> {
            forward_open!(PageWriter);
            forward_check!();
        }

        impl<T: Transform + ?Sized> Transform for $wrapper<T> {
            forward_open!(PageStage);

            fn inputs(&self, from: &[&str]) -> Result<(), Problems> {
                (**self).inputs(from)
            }
        }
    )* };
}

forward_configured!(Box, Arc);

/// Methods that take `&mut self` and nothing else.
macro_rules! forward_calls {
    ($($name:ident -> $out:ty),*) => { $(
        fn $name<'a, 'f>(&'a mut self) -> Fut<'f, $out>
        where
            'a: 'f,
            Self: 'f,
        {
            (**self).$name()
        }
    )* };
}

/// Methods that take a reference beside `&mut self`.
macro_rules! forward_calls_with {
    ($($name:ident($arg:ty) -> $out:ty),*) => { $(
        fn $name<'a, 'b, 'f>(&'a mut self, what: &'b $arg) -> Fut<'f, $out>
        where
            'a: 'f,
            'b: 'f,
            Self: 'f,
        {
            (**self).$name(what)
        }
    )* };
}

macro_rules! forward_runs {
    ($($run:ty),*) => { $(
        impl<T: PageReader + ?Sized> PageReader for $run {
            forward_calls!(
                next_page -> Result<Next>,
                drain -> Result<Option<StreamPage>>,
                hold -> (),
                close -> Result<()>
            );
            forward_calls_with!(committed(Position) -> Result<()>);

            fn position(&self) -> Option<Position> {
                (**self).position()
            }
        }

        impl<T: PageWriter + ?Sized> PageWriter for $run {
            forward_calls!(flush -> Result<Flushed>, close -> Result<()>);
            forward_calls_with!(mark(Mark) -> Result<()>);

            fn write_page<'a, 'f>(&'a mut self, page: StreamPage) -> Fut<'f, Result<()>>
            where
                'a: 'f,
                Self: 'f,
            {
                (**self).write_page(page)
            }
        }

        impl<T: PageStage + ?Sized> PageStage for $run {
            fn push<'a, 'b, 'f>(
                &'a mut self,
                input: usize,
                page: StreamPage,
                out: &'b mut Out,
            ) -> Fut<'f, Result<()>>
            where
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).push(input, page, out)
            }

            fn snapshot(&mut self) -> Result<Carry> {
                (**self).snapshot()
            }

            fn mark<'a, 'b, 'c, 'f>(
                &'a mut self,
                mark: &'b Mark,
                out: &'c mut Out,
            ) -> Fut<'f, Result<()>>
            where
                'a: 'f,
                'b: 'f,
                'c: 'f,
                Self: 'f,
            {
                (**self).mark(mark, out)
            }

            fn deadline(&self) -> Option<Instant> {
                (**self).deadline()
            }

            fn tick<'a, 'b, 'f>(&'a mut self, now: Instant, out: &'b mut Out) -> Fut<'f, Result<()>>
            where
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).tick(now, out)
            }

            fn finish<'a, 'b, 'f>(&'a mut self, out: &'b mut Out) -> Fut<'f, Result<()>>
            where
                'a: 'f,
                'b: 'f,
                Self: 'f,
            {
                (**self).finish(out)
            }
        }
    )* };
}

forward_runs!(Box<T>, &mut T);

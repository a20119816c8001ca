/** What the pages of the admin center are made of. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { type Loaded, useDesk } from "./context.js";
import { problemOf } from "./problem.js";

/** A link to another place of the admin center. */
export function Go({
	to,
	class: of,
	children,
	current,
}: {
	to: string;
	class?: string;
	children: ComponentChildren;
	current?: boolean;
}) {
	const { router } = useDesk();
	return (
		<a
			href={to}
			class={of}
			aria-current={current ? "page" : undefined}
			onClick={(event) => {
				if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
				event.preventDefault();
				router.go(to);
			}}
		>
			{children}
		</a>
	);
}

/** A page: its heading takes the focus when somebody has come to it. */
export function Page({
	title,
	lead,
	back,
	actions,
	children,
	wide,
}: {
	title: string;
	lead?: string;
	/** Where it came from. */
	back?: { to: string; name: string };
	actions?: ComponentChildren;
	children: ComponentChildren;
	wide?: boolean;
}) {
	const { words, me, entitle } = useDesk();
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		entitle(`${title} · ${me.accountName || "Weiche"} · Weiche`);
	}, [title]);
	// At once: who has begun to type by the next frame stays where they are.
	useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
	return (
		<div class={wide ? "page wide" : "page"}>
			{back ? (
				<Go to={back.to} class="back">
					<Glyph name="back" />
					{words.back(back.name)}
				</Go>
			) : null}
			<header class="page-head">
				<div>
					<h1 ref={heading} tabIndex={-1}>
						<bdi>{title}</bdi>
					</h1>
					{lead ? <p class="lead">{lead}</p> : null}
				</div>
				{actions ? <div class="page-actions">{actions}</div> : null}
			</header>
			{children}
		</div>
	);
}

/** A part of a page with its heading. */
export function Card({
	title,
	lead,
	children,
	id,
}: {
	title: string;
	lead?: string;
	children?: ComponentChildren;
	id?: string;
}) {
	const heading = useId();
	return (
		<section class="card" aria-labelledby={heading} id={id}>
			<h2 id={heading}>{title}</h2>
			{lead ? <p class="lead">{lead}</p> : null}
			{children}
		</section>
	);
}

/** What was asked for, or that it is on its way, or that it did not come. */
export function Await<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
	const { words } = useDesk();
	if (of.value !== undefined) return <>{children(of.value)}</>;
	if (of.error !== undefined)
		return (
			<div class="empty" role="alert">
				<p>
					{words.failed} {problemOf(words, of.error)}
				</p>
				<button type="button" class="button" onClick={() => void of.again()}>
					<Glyph name="retry" />
					{words.again}
				</button>
			</div>
		);
	return (
		<div class="skeleton" role="status">
			<span class="hidden">{words.loading}</span>
			<div />
			<div />
			<div />
		</div>
	);
}

/** How something stands, by a word and a sign. */
export function Status({ kind, children }: { kind: "good" | "bad" | "none"; children: ComponentChildren }) {
	return (
		<span class={`status ${kind}`}>
			<Glyph name={kind === "good" ? "check" : kind === "bad" ? "alert" : "more"} />
			<span>{children}</span>
		</span>
	);
}

/** What went wrong when something was tried; said at once to those who hear the page. */
export function Problem({ text }: { text: string }) {
	return (
		<div role="alert">
			{text ? (
				<p class="problem">
					<Glyph name="alert" />
					<span>{text}</span>
				</p>
			) : null}
		</div>
	);
}

/** A thing that is not there. */
export function Nothing({ back }: { back: { to: string; name: string } }) {
	const { words } = useDesk();
	return (
		<Page title={words.notFound.title} back={back}>
			<p class="empty">{words.notFound.text}</p>
		</Page>
	);
}

/** A time with its date in full for those who point at it. */
export function When({ at, children }: { at: string; children: string }) {
	const { language } = useDesk();
	return (
		<time
			dateTime={at}
			title={new Date(at).toLocaleString(language, { dateStyle: "full", timeStyle: "medium" })}
		>
			{children}
		</time>
	);
}

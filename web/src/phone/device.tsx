import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import { clock, type Language } from "../look/words.js";
import { AppScreen } from "./app.js";
import { Camera, type Sight } from "./camera.js";
import type { Handset } from "./handset.js";
import { apps } from "./provider.js";
import { unreadOf } from "./state.js";
import { phoneWords } from "./words.js";
import "./device.css";

/** A phone: three messengers that are nobody's own, and a camera. */
export function Device({
	handset,
	language,
	contacts = false,
	sight,
	grip,
}: {
	handset: Handset;
	language: Language;
	/** Whether chats can be begun without a link. */
	contacts?: boolean;
	sight?: Sight | undefined;
	/** What the phone is held by, where it can be moved. */
	grip?: ComponentChildren;
}) {
	const words = phoneWords[language];
	const state = useStore(handset.store, (value) => value);
	const now = useMinute();
	return (
		<div class="phone">
			<div class="phone-bar">
				<span>{clock(language, now)}</span>
				{grip}
				<bdi>{state.person}</bdi>
			</div>
			<div class="phone-screen">
				{state.away && (
					<p class="phone-trouble" role="status">
						{words.away}
					</p>
				)}
				{state.trouble && (
					<p class="phone-trouble" role="alert">
						<b>{words.trouble}:</b> {state.trouble}
					</p>
				)}
				{state.screen === "camera" ? (
					<Camera handset={handset} language={language} sight={sight} />
				) : (
					<AppScreen
						key={state.screen}
						handset={handset}
						app={state.screen}
						language={language}
						contacts={contacts}
						onScan={() => handset.look("camera")}
					/>
				)}
			</div>
			<nav class="phone-dock" aria-label={words.appsOfPhone}>
				{apps.map((app) => {
					const unread = unreadOf(state, app);
					return (
						<button
							type="button"
							key={app}
							aria-current={state.screen === app ? "page" : undefined}
							data-screen={app}
							onClick={() => handset.look(app)}
						>
							<Glyph name={app} />
							<span>{words.appNames[app]}</span>
							{unread > 0 && state.screen !== app && (
								<b class="phone-badge">
									<span aria-hidden="true">{unread}</span>
									<span class="hidden">{words.newMessages(unread)}</span>
								</b>
							)}
						</button>
					);
				})}
				<button
					type="button"
					aria-current={state.screen === "camera" ? "page" : undefined}
					data-screen="camera"
					onClick={() => handset.look("camera")}
				>
					<Glyph name="scan" />
					<span>{words.scan}</span>
				</button>
			</nav>
		</div>
	);
}

/** The time, which is another one each minute. */
function useMinute(): Date {
	const [now, setNow] = useState(() => new Date());
	useEffect(() => {
		const timer = setInterval(() => setNow(new Date()), 5000);
		return () => clearInterval(timer);
	}, []);
	return now;
}

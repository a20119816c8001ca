/** The fields about an agent. */

import { useDesk } from "../context.js";
import { ChoiceField, TextField } from "../field.js";
import { type Draft, rolesFor, type Wrongs } from "./draft.js";

/** Name, login and role. */
export function AgentFields({
	draft,
	change,
	wrongs,
	disabled,
	fixedRole,
}: {
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	wrongs: Wrongs;
	disabled?: boolean;
	/** The role cannot be changed here, and why. */
	fixedRole?: string;
}) {
	const { words, may } = useDesk();
	const offered = rolesFor(may);
	return (
		<>
			<TextField
				label={words.agents.name}
				hint={words.agents.nameHint}
				error={wrongs.name ? words.agents.wrong[wrongs.name] : ""}
				value={draft.name}
				onValue={(name) => change({ name })}
				required
				disabled={disabled}
			/>
			<TextField
				label={words.agents.login}
				hint={words.agents.loginHint}
				error={wrongs.login ? words.agents.wrong[wrongs.login] : ""}
				value={draft.login}
				onValue={(login) => change({ login })}
				disabled={disabled}
				code
			/>
			<ChoiceField
				label={words.agents.role}
				hint={fixedRole}
				value={draft.role}
				onValue={(role) => change({ role: role as Draft["role"] })}
				disabled={disabled || Boolean(fixedRole)}
				options={(offered.includes(draft.role) ? offered : [draft.role, ...offered]).map((role) => ({
					value: role,
					text: words.agents.roles[role] ?? role,
					hint: words.agents.roleHints[role],
				}))}
			/>
		</>
	);
}

import tokens from "../look/tokens.css" with { type: "text" };

export const styles = tokens;

import tokens from "../look/tokens.css";

export const styles = tokens;

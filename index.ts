import { staging } from "./stack";

export = staging();

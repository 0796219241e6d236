/** `/console/settings`: what a person chooses for this browser, and the own password and sessions. */
import { SegmentedControl, Stack, Text } from "@mantine/core";
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import "@mantine/core/styles/Switch.css";
import { useId } from "react";
import { settings as m } from "../../messages/en/settings.ts";
import { SwitchField } from "../../parts/form/fields.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { type Preferences, setPreferences, usePreferences } from "../../parts/preferences.ts";
import { LOCAL_ZONE } from "../../parts/time/format.ts";
import { useNow } from "../../parts/time/ticker.ts";
import { Time } from "../../parts/time/time.tsx";
import { PasswordSection } from "./password-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";
import classes from "./settings.module.css";

export default function SettingsPage() {
  const preferences = usePreferences();
  return (
    <Page title={m.title} lead={m.lead}>
      <Section title={m.thisBrowser}>
        <Stack gap="lg">
          <Choice
            label={m.theme}
            value={preferences.theme}
            options={m.themes}
            onChange={(theme) => setPreferences({ theme })}
          />
          <Choice
            label={m.zone}
            hint={<ZoneHint />}
            value={preferences.zone}
            options={m.zones}
            onChange={(zone) => setPreferences({ zone })}
          />
          <Choice
            label={m.density}
            value={preferences.density}
            options={m.densities}
            onChange={(density) => setPreferences({ density })}
          />
          <SwitchField
            label={m.singleKeys}
            hint={m.singleKeysHint}
            checked={preferences.singleKeys}
            onChange={(singleKeys) => setPreferences({ singleKeys })}
          />
        </Stack>
      </Section>
      <PasswordSection />
      <SessionsSection />
    </Page>
  );
}

function ZoneHint() {
  const minute = useNow((nowMs) => Math.floor(nowMs / 60_000));
  return (
    <>
      {m.zoneHint(LOCAL_ZONE)} <Time at={minute * 60_000} absolute />
    </>
  );
}

interface ChoiceProps<Value extends Preferences[keyof Preferences] & string> {
  readonly label: string;
  readonly hint?: React.ReactNode;
  readonly value: Value;
  readonly options: Readonly<Record<Value, string>>;
  readonly onChange: (value: Value) => void;
}

function Choice<Value extends Preferences[keyof Preferences] & string>(props: ChoiceProps<Value>) {
  const { label, hint, value, options, onChange } = props;
  const id = useId();
  return (
    <div className={classes.choice}>
      <div>
        <Text id={id} fw={500}>
          {label}
        </Text>
        {hint !== undefined && (
          <Text size="sm" c="dimmed" component="div">
            {hint}
          </Text>
        )}
      </div>
      <SegmentedControl
        aria-labelledby={id}
        value={value}
        onChange={(next) => onChange(next as Value)}
        data={Object.entries<string>(options).map(([option, text]) => ({ value: option, label: text }))}
      />
    </div>
  );
}

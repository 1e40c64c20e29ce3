import type { JSX } from "preact";
import type { EpisodeTold, FeatureTold } from "../../src/wire/verdict.ts";
import { t } from "../i18n/catalogue.ts";
import { episodeText, featureText, shareText, timeText } from "./verdict-texts.ts";

/** Some minutes in which there was more than those who play explain, and what speaks for and against. */
export function Episode({ episode }: { readonly episode: EpisodeTold }): JSX.Element {
  const { from, to, excess, speaksFor, speaksAgainst, cause } = episode;
  return (
    <li class={`verdict-episode verdict-edge-${cause}`}>
      <h4>
        {timeText(from)} – {timeText(to)}
      </h4>
      <p>{episodeText(episode)}</p>
      <p class="soft">{t("verdict.excess", { share: shareText(excess) })}</p>
      <Voices title={t("verdict.speaksFor")} voices={speaksFor} />
      <Voices title={t("verdict.speaksAgainst")} voices={speaksAgainst} />
    </li>
  );
}

const Voices = ({ title, voices }: { title: string; voices: readonly FeatureTold[] }): JSX.Element | null =>
  voices.length === 0 ? null : (
    <dl class="verdict-voices">
      <dt class="verdict-voices-title">{title}</dt>
      {voices.map((one) => (
        <dd key={one.name}>
          {t(`verdict.feature.${one.name as "played"}`)}: <b>{featureText(one)}</b>
        </dd>
      ))}
    </dl>
  );

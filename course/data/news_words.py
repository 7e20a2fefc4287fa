"""The vocabulary of the synthetic news stories.

Each list starts with its most frequent words. No word is in two lists; related topics share
words through the stories, not through the lists.

Example:
    >>> TOPIC_WORDS["energy"][:3]
    ('oil', 'power', 'gas')
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TOPIC_WORDS: Final = {
    topic: _words(words)
    for topic, words in {
        "banking": """
            bank rate loan interest credit bond currency debt deposit lender inflation dollar
            mortgage treasury branch fund account cash yield payment lending borrower saver
            capital regulator reserve default liquidity coin banker audit interbank overdraft
            insolvency transfer franc discount guarantee teller vault broker hedge maturity
            coupon""",
        "energy": """
            oil power gas plant barrel grid wind solar pipeline refinery reactor turbine
            drilling coal crude petrol electricity fuel well rig output megawatt nuclear panel
            battery blackout voltage utility dam generator hydrogen diesel carbon uranium
            heating transformer kilowatt substation valve gasoline kerosene compressor flare
            boiler""",
        "farming": """
            farm wheat crop harvest farmer grain cattle milk soil seed tractor maize barley
            field dairy fertiliser herd sheep orchard pig vegetable sugar coffee irrigation
            livestock soybean barn acre pesticide poultry egg hay plough rapeseed potato
            vineyard beet pasture silo apple wool weed greenhouse beekeeper""",
        "football": """
            goal match team league player coach club season cup striker penalty stadium keeper
            referee fan defender win draw midfielder pitch kick squad header champion derby
            captain injury volley final corner offside whistle substitute tackle relegation
            semifinal crossbar goalpost supporter fixture scorer kickoff dribble trophy""",
        "medicine": """
            patient hospital doctor drug trial disease vaccine virus treatment dose cancer nurse
            infection surgery clinic symptom heart therapy surgeon blood diagnosis fever tumour
            immune antibody diabetes pharmacy outbreak medicine prescription epidemic lung
            placebo insulin asthma tablet ward allergy antibiotic kidney scanner stroke bandage
            midwife""",
        "shipping": """
            ship port cargo vessel container tanker dock crew skipper canal freight fleet
            harbour shipyard crane ferry voyage sailor tonnage sea hull coastguard strait
            customs anchor terminal pilot tug berth steel lighthouse wharf freighter charter
            piracy ballast keel navigation stowaway barge buoy dockworker lifeboat quay""",
        "space": """
            rocket satellite orbit launch moon astronaut mission planet telescope probe crater
            station mars spacecraft lander galaxy comet rover booster star asteroid capsule
            astronomer gravity antenna eclipse spacewalk payload meteor lunar shuttle thruster
            countdown observatory nebula docking signal exoplanet module cosmic reentry radar
            spacesuit zenith""",
        "weather": """
            rain storm flood sleet temperature snow forecast hurricane drought cloud thunder
            heatwave frost sunshine river hail lightning gust blizzard degree warning fog ice
            tornado shower meteorologist rainfall humidity typhoon cyclone landslide monsoon
            thaw drizzle barometer avalanche breeze levee sandbag mist downpour pressure
            snowdrift rainbow""",
    }.items()
}

COMMON_WORDS: Final = _words(
    """
    said year new people day week first time month last told three country four government two
    percent million five company report group plan national official part number high second
    public work state expect early world late president minister statement city local large
    increase spokesman next change half offer meet set problem old home show major lead place
    end return help council support keep small minute cost loss region run demand decide night
    agree continue law morning centre open area record short price rise fall hour case union
    close begin announce budget office question market talk wait result chance industry worker
    need announcement evening study step remain reach risk family town service court several
    weekend follow add test colleague system pay spokeswoman road school north south east west
    tuesday monday friday thursday wednesday saturday sunday summer winter spring autumn january
    march june september december agency director manager chief expert board committee vote
    party money contract sale strike cut tax poll review visit delay repair safety emergency
    accident damage search rescue triumph success failure hope fear crowd trouble peace
    history future answer letter newspaper television interview photograph telephone train
    airport bridge building border island mountain village street house garden window
    """
)

# Made-up people, places and firms: rare words that give a story away, as in real news.
_FIRST_HALVES: Final = _words("ald bren cor dun elm fal gol hav ing jor kes lun mor nor os pra")
_SECOND_HALVES: Final = _words("aby bek dorf ette field gate holm ivik land mouth neva ridge")
NAMES: Final = tuple(first + second for first in _FIRST_HALVES for second in _SECOND_HALVES)

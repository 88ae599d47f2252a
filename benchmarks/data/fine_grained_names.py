"""Class names of CUB-200-2011 and Stanford Cars in label order, and their superclasses.

Sources: ``classes.txt`` of the one, ``class_names`` of the other's annotations; readers compare
both. Superclasses are read off the names, as "Deep Hierarchical-Hyperspherical Learning" does (its
Table 7: 70 and 9).
"""

from __future__ import annotations

_CUB200 = """
Black_footed_Albatross Laysan_Albatross Sooty_Albatross Groove_billed_Ani Crested_Auklet
Least_Auklet Parakeet_Auklet Rhinoceros_Auklet Brewer_Blackbird Red_winged_Blackbird Rusty_Blackbird
Yellow_headed_Blackbird Bobolink Indigo_Bunting Lazuli_Bunting Painted_Bunting Cardinal
Spotted_Catbird Gray_Catbird Yellow_breasted_Chat Eastern_Towhee Chuck_will_Widow Brandt_Cormorant
Red_faced_Cormorant Pelagic_Cormorant Bronzed_Cowbird Shiny_Cowbird Brown_Creeper American_Crow
Fish_Crow Black_billed_Cuckoo Mangrove_Cuckoo Yellow_billed_Cuckoo Gray_crowned_Rosy_Finch
Purple_Finch Northern_Flicker Acadian_Flycatcher Great_Crested_Flycatcher Least_Flycatcher
Olive_sided_Flycatcher Scissor_tailed_Flycatcher Vermilion_Flycatcher Yellow_bellied_Flycatcher
Frigatebird Northern_Fulmar Gadwall American_Goldfinch European_Goldfinch Boat_tailed_Grackle
Eared_Grebe Horned_Grebe Pied_billed_Grebe Western_Grebe Blue_Grosbeak Evening_Grosbeak
Pine_Grosbeak Rose_breasted_Grosbeak Pigeon_Guillemot California_Gull Glaucous_winged_Gull
Heermann_Gull Herring_Gull Ivory_Gull Ring_billed_Gull Slaty_backed_Gull Western_Gull
Anna_Hummingbird Ruby_throated_Hummingbird Rufous_Hummingbird Green_Violetear Long_tailed_Jaeger
Pomarine_Jaeger Blue_Jay Florida_Jay Green_Jay Dark_eyed_Junco Tropical_Kingbird Gray_Kingbird
Belted_Kingfisher Green_Kingfisher Pied_Kingfisher Ringed_Kingfisher White_breasted_Kingfisher
Red_legged_Kittiwake Horned_Lark Pacific_Loon Mallard Western_Meadowlark Hooded_Merganser
Red_breasted_Merganser Mockingbird Nighthawk Clark_Nutcracker White_breasted_Nuthatch
Baltimore_Oriole Hooded_Oriole Orchard_Oriole Scott_Oriole Ovenbird Brown_Pelican White_Pelican
Western_Wood_Pewee Sayornis American_Pipit Whip_poor_Will Horned_Puffin Common_Raven
White_necked_Raven American_Redstart Geococcyx Loggerhead_Shrike Great_Grey_Shrike Baird_Sparrow
Black_throated_Sparrow Brewer_Sparrow Chipping_Sparrow Clay_colored_Sparrow House_Sparrow
Field_Sparrow Fox_Sparrow Grasshopper_Sparrow Harris_Sparrow Henslow_Sparrow Le_Conte_Sparrow
Lincoln_Sparrow Nelson_Sharp_tailed_Sparrow Savannah_Sparrow Seaside_Sparrow Song_Sparrow
Tree_Sparrow Vesper_Sparrow White_crowned_Sparrow White_throated_Sparrow Cape_Glossy_Starling
Bank_Swallow Barn_Swallow Cliff_Swallow Tree_Swallow Scarlet_Tanager Summer_Tanager Artic_Tern
Black_Tern Caspian_Tern Common_Tern Elegant_Tern Forsters_Tern Least_Tern Green_tailed_Towhee
Brown_Thrasher Sage_Thrasher Black_capped_Vireo Blue_headed_Vireo Philadelphia_Vireo Red_eyed_Vireo
Warbling_Vireo White_eyed_Vireo Yellow_throated_Vireo Bay_breasted_Warbler Black_and_white_Warbler
Black_throated_Blue_Warbler Blue_winged_Warbler Canada_Warbler Cape_May_Warbler Cerulean_Warbler
Chestnut_sided_Warbler Golden_winged_Warbler Hooded_Warbler Kentucky_Warbler Magnolia_Warbler
Mourning_Warbler Myrtle_Warbler Nashville_Warbler Orange_crowned_Warbler Palm_Warbler Pine_Warbler
Prairie_Warbler Prothonotary_Warbler Swainson_Warbler Tennessee_Warbler Wilson_Warbler
Worm_eating_Warbler Yellow_Warbler Northern_Waterthrush Louisiana_Waterthrush Bohemian_Waxwing
Cedar_Waxwing American_Three_toed_Woodpecker Pileated_Woodpecker Red_bellied_Woodpecker
Red_cockaded_Woodpecker Red_headed_Woodpecker Downy_Woodpecker Bewick_Wren Cactus_Wren Carolina_Wren
House_Wren Marsh_Wren Rock_Wren Winter_Wren Common_Yellowthroat
"""

_CARS = """
AM General Hummer SUV 2000; Acura RL Sedan 2012; Acura TL Sedan 2012; Acura TL Type-S 2008;
Acura TSX Sedan 2012; Acura Integra Type R 2001; Acura ZDX Hatchback 2012;
Aston Martin V8 Vantage Convertible 2012; Aston Martin V8 Vantage Coupe 2012;
Aston Martin Virage Convertible 2012; Aston Martin Virage Coupe 2012; Audi RS 4 Convertible 2008;
Audi A5 Coupe 2012; Audi TTS Coupe 2012; Audi R8 Coupe 2012; Audi V8 Sedan 1994;
Audi 100 Sedan 1994; Audi 100 Wagon 1994; Audi TT Hatchback 2011; Audi S6 Sedan 2011;
Audi S5 Convertible 2012; Audi S5 Coupe 2012; Audi S4 Sedan 2012; Audi S4 Sedan 2007;
Audi TT RS Coupe 2012; BMW ActiveHybrid 5 Sedan 2012; BMW 1 Series Convertible 2012;
BMW 1 Series Coupe 2012; BMW 3 Series Sedan 2012; BMW 3 Series Wagon 2012;
BMW 6 Series Convertible 2007; BMW X5 SUV 2007; BMW X6 SUV 2012; BMW M3 Coupe 2012;
BMW M5 Sedan 2010; BMW M6 Convertible 2010; BMW X3 SUV 2012; BMW Z4 Convertible 2012;
Bentley Continental Supersports Conv. Convertible 2012; Bentley Arnage Sedan 2009;
Bentley Mulsanne Sedan 2011; Bentley Continental GT Coupe 2012; Bentley Continental GT Coupe 2007;
Bentley Continental Flying Spur Sedan 2007; Bugatti Veyron 16.4 Convertible 2009;
Bugatti Veyron 16.4 Coupe 2009; Buick Regal GS 2012; Buick Rainier SUV 2007;
Buick Verano Sedan 2012; Buick Enclave SUV 2012; Cadillac CTS-V Sedan 2012; Cadillac SRX SUV 2012;
Cadillac Escalade EXT Crew Cab 2007; Chevrolet Silverado 1500 Hybrid Crew Cab 2012;
Chevrolet Corvette Convertible 2012; Chevrolet Corvette ZR1 2012;
Chevrolet Corvette Ron Fellows Edition Z06 2007; Chevrolet Traverse SUV 2012;
Chevrolet Camaro Convertible 2012; Chevrolet HHR SS 2010; Chevrolet Impala Sedan 2007;
Chevrolet Tahoe Hybrid SUV 2012; Chevrolet Sonic Sedan 2012; Chevrolet Express Cargo Van 2007;
Chevrolet Avalanche Crew Cab 2012; Chevrolet Cobalt SS 2010; Chevrolet Malibu Hybrid Sedan 2010;
Chevrolet TrailBlazer SS 2009; Chevrolet Silverado 2500HD Regular Cab 2012;
Chevrolet Silverado 1500 Classic Extended Cab 2007; Chevrolet Express Van 2007;
Chevrolet Monte Carlo Coupe 2007; Chevrolet Malibu Sedan 2007;
Chevrolet Silverado 1500 Extended Cab 2012; Chevrolet Silverado 1500 Regular Cab 2012;
Chrysler Aspen SUV 2009; Chrysler Sebring Convertible 2010; Chrysler Town and Country Minivan 2012;
Chrysler 300 SRT-8 2010; Chrysler Crossfire Convertible 2008; Chrysler PT Cruiser Convertible 2008;
Daewoo Nubira Wagon 2002; Dodge Caliber Wagon 2012; Dodge Caliber Wagon 2007;
Dodge Caravan Minivan 1997; Dodge Ram Pickup 3500 Crew Cab 2010;
Dodge Ram Pickup 3500 Quad Cab 2009; Dodge Sprinter Cargo Van 2009; Dodge Journey SUV 2012;
Dodge Dakota Crew Cab 2010; Dodge Dakota Club Cab 2007; Dodge Magnum Wagon 2008;
Dodge Challenger SRT8 2011; Dodge Durango SUV 2012; Dodge Durango SUV 2007;
Dodge Charger Sedan 2012; Dodge Charger SRT-8 2009; Eagle Talon Hatchback 1998;
FIAT 500 Abarth 2012; FIAT 500 Convertible 2012; Ferrari FF Coupe 2012;
Ferrari California Convertible 2012; Ferrari 458 Italia Convertible 2012;
Ferrari 458 Italia Coupe 2012; Fisker Karma Sedan 2012; Ford F-450 Super Duty Crew Cab 2012;
Ford Mustang Convertible 2007; Ford Freestar Minivan 2007; Ford Expedition EL SUV 2009;
Ford Edge SUV 2012; Ford Ranger SuperCab 2011; Ford GT Coupe 2006; Ford F-150 Regular Cab 2012;
Ford F-150 Regular Cab 2007; Ford Focus Sedan 2007; Ford E-Series Wagon Van 2012;
Ford Fiesta Sedan 2012; GMC Terrain SUV 2012; GMC Savana Van 2012; GMC Yukon Hybrid SUV 2012;
GMC Acadia SUV 2012; GMC Canyon Extended Cab 2012; Geo Metro Convertible 1993;
HUMMER H3T Crew Cab 2010; HUMMER H2 SUT Crew Cab 2009; Honda Odyssey Minivan 2012;
Honda Odyssey Minivan 2007; Honda Accord Coupe 2012; Honda Accord Sedan 2012;
Hyundai Veloster Hatchback 2012; Hyundai Santa Fe SUV 2012; Hyundai Tucson SUV 2012;
Hyundai Veracruz SUV 2012; Hyundai Sonata Hybrid Sedan 2012; Hyundai Elantra Sedan 2007;
Hyundai Accent Sedan 2012; Hyundai Genesis Sedan 2012; Hyundai Sonata Sedan 2012;
Hyundai Elantra Touring Hatchback 2012; Hyundai Azera Sedan 2012; Infiniti G Coupe IPL 2012;
Infiniti QX56 SUV 2011; Isuzu Ascender SUV 2008; Jaguar XK XKR 2012; Jeep Patriot SUV 2012;
Jeep Wrangler SUV 2012; Jeep Liberty SUV 2012; Jeep Grand Cherokee SUV 2012; Jeep Compass SUV 2012;
Lamborghini Reventon Coupe 2008; Lamborghini Aventador Coupe 2012;
Lamborghini Gallardo LP 570-4 Superleggera 2012; Lamborghini Diablo Coupe 2001;
Land Rover Range Rover SUV 2012; Land Rover LR2 SUV 2012; Lincoln Town Car Sedan 2011;
MINI Cooper Roadster Convertible 2012; Maybach Landaulet Convertible 2012; Mazda Tribute SUV 2011;
McLaren MP4-12C Coupe 2012; Mercedes-Benz 300-Class Convertible 1993;
Mercedes-Benz C-Class Sedan 2012; Mercedes-Benz SL-Class Coupe 2009;
Mercedes-Benz E-Class Sedan 2012; Mercedes-Benz S-Class Sedan 2012; Mercedes-Benz Sprinter Van 2012;
Mitsubishi Lancer Sedan 2012; Nissan Leaf Hatchback 2012; Nissan NV Passenger Van 2012;
Nissan Juke Hatchback 2012; Nissan 240SX Coupe 1998; Plymouth Neon Coupe 1999;
Porsche Panamera Sedan 2012; Ram C/V Cargo Van Minivan 2012;
Rolls-Royce Phantom Drophead Coupe Convertible 2012; Rolls-Royce Ghost Sedan 2012;
Rolls-Royce Phantom Sedan 2012; Scion xD Hatchback 2012; Spyker C8 Convertible 2009;
Spyker C8 Coupe 2009; Suzuki Aerio Sedan 2007; Suzuki Kizashi Sedan 2012; Suzuki SX4 Hatchback 2012;
Suzuki SX4 Sedan 2012; Tesla Model S Sedan 2012; Toyota Sequoia SUV 2012; Toyota Camry Sedan 2012;
Toyota Corolla Sedan 2012; Toyota 4Runner SUV 2012; Volkswagen Golf Hatchback 2012;
Volkswagen Golf Hatchback 1991; Volkswagen Beetle Hatchback 2012; Volvo C30 Hatchback 2012;
Volvo 240 Sedan 1993; Volvo XC90 SUV 2007; smart fortwo Convertible 2012
"""

# As folders are named, "001.Black_footed_Albatross".
CUB200 = tuple(f"{number:03}.{name}" for number, name in enumerate(_CUB200.split(), start=1))
CARS = tuple(" ".join(name.split()) for name in _CARS.split(";"))

CAR_TYPES = (
    *("Sedan", "SUV", "Convertible", "Coupe", "Cab"),
    *("Hatchback", "Van", "Wagon", "Minivan"),
)
# The last word before the year is a type in 181 names; ours for the others (H-27).
CAR_TYPES_BY_HAND = {
    "Acura TL Type-S 2008": "Sedan",
    "Acura Integra Type R 2001": "Coupe",
    "Buick Regal GS 2012": "Sedan",
    "Chevrolet Corvette ZR1 2012": "Coupe",
    "Chevrolet Corvette Ron Fellows Edition Z06 2007": "Coupe",
    "Chevrolet HHR SS 2010": "Wagon",
    "Chevrolet Cobalt SS 2010": "Coupe",
    "Chevrolet TrailBlazer SS 2009": "SUV",
    "Chrysler 300 SRT-8 2010": "Sedan",
    "Dodge Challenger SRT8 2011": "Coupe",
    "Dodge Charger SRT-8 2009": "Sedan",
    "FIAT 500 Abarth 2012": "Hatchback",
    "Infiniti G Coupe IPL 2012": "Coupe",
    "Jaguar XK XKR 2012": "Coupe",
    "Lamborghini Gallardo LP 570-4 Superleggera 2012": "Coupe",
}


def bird_family(name: str) -> str:
    """The last word of a class of CUB's, "Albatross" of "001.Black_footed_Albatross" (H-28)."""
    return name.rpartition(".")[2].rpartition("_")[2]


def car_type(name: str) -> str:
    """Of a car by its name, "Sedan" of "Acura RL Sedan 2012"; a "SuperCab" is a "Cab"."""
    if name in CAR_TYPES_BY_HAND:
        return CAR_TYPES_BY_HAND[name]
    word = name.split()[-2]
    return "Cab" if word.endswith("Cab") else word


def _grouped(members: dict[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Groups in the order of their first member."""
    groups: dict[str, list[str]] = {}
    for name, group in members.items():
        groups.setdefault(group, []).append(name)
    return tuple((group, tuple(names)) for group, names in groups.items())


CUB200_SUPERCLASSES = _grouped({name: bird_family(name) for name in CUB200})
CARS_SUPERCLASSES = _grouped({name: car_type(name) for name in CARS})

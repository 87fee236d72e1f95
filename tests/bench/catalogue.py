"""A made-up shop of any size, the same for the same seed: two thirds English, one third Chinese."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COLOURS = _split(
    "red blue green black white navy grey yellow pink orange purple beige brown teal olive coral"
)
STUFF = _split(
    "cotton steel glass oak walnut leather bamboo ceramic linen wool silk rubber marble copper"
)
THINGS = _split(
    "mug kettle teapot chair table lamp sofa backpack jacket hoodie sneaker boots watch wallet "
    "umbrella bottle knife pan pot spoon fork plate bowl towel pillow blanket curtain rug shelf "
    "desk keyboard mouse monitor headphones speaker charger cable battery tripod tent lantern "
    "compass helmet gloves scarf socks shirt trousers skirt dress"
)
BRANDS = _split("Acme Nordwind Kestrel Luma Orchid Pinecone Tidal Vertex Zephyr Harbor Juniper")
SIZES = ("S", "M", "L", "XL", "250 ml", "500 ml", "1 l", "12 cm", "30 cm", "Set of 4")
ZH_COLOURS = _split("红色 蓝色 绿色 黑色 白色 灰色 黄色 粉色 橙色 紫色")
ZH_STUFF = _split("纯棉 不锈钢 玻璃 橡木 胡桃木 真皮 竹制 陶瓷 亚麻 羊毛")
ZH_THINGS = _split(
    "茶杯 水壶 茶壶 椅子 餐桌 台灯 沙发 背包 夹克 卫衣 运动鞋 靴子 手表 钱包 雨伞 水瓶 菜刀 炒锅 "
    "汤锅 勺子 叉子 盘子 饭碗 毛巾 枕头 毯子 窗帘 地毯 书架 书桌 键盘 鼠标 显示器 耳机 音箱 充电器"
)
ZH_SIZES = _split("小号 中号 大号 250毫升 500毫升 四件套")


@dataclass(frozen=True, slots=True)
class Item:
    sku: str
    name: str
    brand: str
    thing: str
    quantity: int
    price: str


def catalogue(size: int, seed: int = 1) -> Iterator[Item]:
    pick = random.Random(seed)
    for number in range(size):
        brand, quantity = pick.choice(BRANDS), pick.randrange(200)
        price = f"{pick.randrange(1, 400)}.{pick.randrange(100):02d}"
        if pick.random() < 0.65:
            colour, stuff, thing = pick.choice(COLOURS), pick.choice(STUFF), pick.choice(THINGS)
            name = f"{brand} {colour.title()} {stuff.title()} {thing.title()} {pick.choice(SIZES)}"
            sku = f"{thing[:3].upper()}-{colour[:3].upper()}-{number:06d}"
        else:
            colour, thing = pick.choice(ZH_COLOURS), pick.choice(ZH_THINGS)
            name = f"{brand}{colour}{pick.choice(ZH_STUFF)}{thing} {pick.choice(ZH_SIZES)}"
            sku = f"CN{pick.randrange(100):02d}-{number:06d}"
        yield Item(sku, name, brand, thing, quantity, price)


# What people type, and what a name must hold for the answer to be right (a code: it itself).
QUERIES = (
    ("blue mug", ("Blue", "Mug")),
    ("blu mug", ("Blue", "Mug")),
    ("mug blue", ("Blue", "Mug")),
    ("walnut shelf", ("Walnut", "Shelf")),
    ("wallnut shelv", ("Walnut", "Shelf")),
    ("acme kettle steel", ("Acme", "Kettle", "Steel")),
    ("keyborad", ("Keyboard",)),
    ("headphon", ("Headphones",)),
    ("hedphones", ("Headphones",)),
    ("umbrela red", ("Umbrella", "Red")),
    ("UMBRELLA", ("Umbrella",)),
    ("ｂｌｕｅ　ｍｕｇ", ("Blue", "Mug")),
    ("ceramic bowl 12 cm", ("Ceramic", "Bowl")),
    ("backpak", ("Backpack",)),
    ("linen curtain", ("Linen", "Curtain")),
    ("er", ()),
    ("l", ()),
    ("茶杯", ("茶杯",)),
    ("红色茶杯", ("红色", "茶杯")),
    ("茶杯 红色", ("红色", "茶杯")),
    ("不锈钢水壶", ("不锈钢", "水壶")),
    ("不绣钢水壶", ("不锈钢", "水壶")),
    ("运动鞋", ("运动鞋",)),
    ("显示", ("显示器",)),
    ("色", ("色",)),
    ("陶瓷饭碗 大号", ("陶瓷", "饭碗")),
    ("nordwind 台灯", ("Nordwind", "台灯")),
    ("MUG-BLU-0", ("Blue", "Mug")),
    ("mugblu", ("Blue", "Mug")),
    ("ｃｎ１２", ()),
)
